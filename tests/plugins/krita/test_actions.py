"""Everything can be done by a key: the actions in the code are those of Krita's shortcut editor."""

from __future__ import annotations

import ast
from pathlib import Path
from xml.etree import ElementTree

from plugins.krita.actions import ACTIONS
from plugins.krita.wishes import CHOICES

FOLDER = Path(__file__).parents[3] / "plugins" / "krita"


def described() -> dict[str, dict[str, str]]:
    """What the file for the shortcut editor says of every action."""
    root = ElementTree.parse(FOLDER / "mahlstick.action").getroot()  # noqa: S314 - our own file
    return {
        action.attrib["name"]: {part.tag: part.text or "" for part in action}
        for action in root.iter("Action")
    }


def test_every_action_is_in_the_shortcut_editor_with_a_tooltip() -> None:
    told = described()
    assert list(told) == [action.name for action in ACTIONS]
    for action in ACTIONS:
        assert told[action.name]["text"] == action.text
        assert told[action.name]["toolTip"] == told[action.name]["statusTip"] != ""


def test_every_action_is_a_method_of_the_panel() -> None:
    panel = ast.parse((FOLDER / "docker.py").read_text("utf-8"))
    methods = {node.name for node in ast.walk(panel) if isinstance(node, ast.FunctionDef)}
    assert {action.method for action in ACTIONS} <= methods


def test_every_way_to_paint_has_an_action() -> None:
    assert [action.choice for action in ACTIONS if action.method == "paint_as"] == [
        *("generate", "fill", "fill_transparent", "refine", "refine_selection"),
        *("expand", "vary", "upscale"),
    ]
    assert {action.choice for action in ACTIONS if action.choice} == set(CHOICES)
