"""Krita's plugin where no bridge runs yet."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.editors.krita.conftest import ROOT, Play
from tests.editors.scripted_bridge import Part, scripted_bridge

pytestmark = pytest.mark.editor


def described() -> dict[str, str]:
    """The actions that the bundle's file names, and their texts."""
    root = ElementTree.parse(ROOT / "plugins" / "krita" / "mahlstick.action")  # noqa: S314 - ours
    return {action.attrib["name"]: str(action.findtext("text")) for action in root.iter("Action")}


def test_without_a_bridge_it_says_so_and_finds_one_that_starts_later(
    play: Play, tmp_path: Path
) -> None:
    with scripted_bridge(Part(), tmp_path) as file:
        late = file.rename(tmp_path / "late.json")
        report = play("lonely", file, late=str(late), file=str(file))
    facts = report.facts
    assert "No bridge is running" in str(facts["status"])
    assert "`mahlstick serve`" in str(facts["status"])
    assert facts["unchanged"]
    assert facts["status_online"] == ""
    assert facts["shortcut"] == "Ctrl+Alt+P"
    actions = facts["actions"]
    assert isinstance(actions, dict)
    assert actions == described()
