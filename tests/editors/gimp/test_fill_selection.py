"""The plug-in in the real GIMP 3.0: without a window, and with its window on a virtual screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.wire.messages import Cancel
from tests.editors.gimp.pictures import develop, outside_and_inside, raw
from tests.editors.gimp.studio import Studio
from tests.editors.scripted_bridge import Part, Script, scripted_bridge

pytestmark = pytest.mark.editor


def test_a_script_fills_a_selection_and_nothing_else(
    studio: Studio, photograph: Path, tmp_path: Path
) -> None:
    picture = studio.bring(photograph, "sunset.jpg")
    told = {"picture": picture, "prompt": "a móon ☾", "candidates": "2", "steps": "3"}
    part = Part({told["prompt"]: Script(steps=3, step_s=0.01)})
    with scripted_bridge(part, tmp_path) as connection:
        report = studio.headless("fill_selection", told, connection)
    facts = report.facts
    assert facts["status"] == "success", facts["message"]


def test_a_painter_paints_undoes_redoes_and_cancels_in_the_window(
    studio: Studio, photograph: Path, tmp_path: Path
) -> None:
    told = {"picture": studio.bring(photograph, "sunset.jpg"), "prompt": "a full moon"}
    part = Part({told["prompt"]: Script(steps=6, step_s=0.5)})
    with scripted_bridge(part, tmp_path) as connection:
        report = studio.on_screen("window", told, connection)
    assert report.facts["status"] == "success"
