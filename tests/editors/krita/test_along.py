"""Live mode and the masks in the real Krita: shown beside the document, never in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.editors.krita.conftest import Play
from tests.editors.scripted_bridge import Part, Script, scripted_bridge

pytestmark = pytest.mark.editor
SIZE = (640, 960)


def test_live_mode_and_masks_leave_the_document_alone(play: Play, tmp_path: Path) -> None:
    quick = Script(steps=3, step_s=0.1)
    part = Part({"live one": quick, "live two": quick})
    with scripted_bridge(part, tmp_path) as file:
        report = play("along", file)
    facts: dict[str, Any] = report.facts
    asked = [submit for submit in part.submitted() if submit.prompt.startswith("live")]
    # The same picture and prompt are not painted twice, however long the hand rests.
    assert [submit.prompt for submit in asked[:3]] == ["live one", "live two", "live two"]
    assert {submit.mode for submit in asked[:3]} == {"refine"}
    assert asked[0].image is not None
    assert asked[1].image is not None
    assert asked[0].image.data == asked[1].image.data
    assert asked[2].image is not None
    assert asked[2].image.data != asked[1].image.data
    assert facts["unchanged_view"]
    assert facts["view_in_stroke"]
    for name in ("layers", "active", "selection", "undo", "can_undo", "locked"):
        assert facts["live"][name] == facts["before"][name], name
    assert facts["kept"]["layers"] == ["Photograph", "live two [4711]"]
    assert facts["kept_steps"] == 1
    assert facts["live_is_off"]
    over_the_canvas = facts["version"] >= [5, 2]
    assert facts["where"]["canvas"] == over_the_canvas
    assert facts["where"]["panel"] != over_the_canvas
    if over_the_canvas:
        red, green, _blue = facts["where"]["middle"]
        assert red > 100 > green  # the ramp's middle, not the sky
    live, kept = (
        np.fromfile(report.out / f"{name}.bgra", np.uint8).reshape(*SIZE, 4)
        for name in ("live", "kept")
    )
    outside = np.fromfile(report.out / "selection.gray", np.uint8).reshape(SIZE) == 0
    assert (live[outside] == kept[outside]).all()
    assert (live[~outside] != kept[~outside]).any(-1).mean() > 0.5
    shown = [submit for submit in part.submitted() if submit.steps == 1]
    assert shown[-1].masks.grow == 40
    assert shown[-1].masks.context == round(1.5 * (264 + 228) / 2)
    assert facts["masks_left"]
