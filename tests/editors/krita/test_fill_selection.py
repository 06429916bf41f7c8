"""Filling a selection in the real Krita, with hand and mouse, against a bridge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.editors.bridges import running_bridge
from tests.editors.krita.conftest import Play
from tests.editors.krita.studio import Report
from tests.editors.scripted_bridge import Part, Script, scripted_bridge
from tests.engine import tiny
from tests.engine.tiny import write_model

pytestmark = pytest.mark.editor
SIZE = (640, 960)
MARGIN_OF_SKY = 306  # of what is sent around it: half its mean side and a sixteenth of the canvas


def pixels(report: Report, name: str) -> NDArray[np.uint8]:
    """A merged picture that the scenario saved, (H, W, 4), BGRA."""
    return np.fromfile(report.out / f"{name}.bgra", np.uint8).reshape(*SIZE, 4)


def selected(report: Report) -> NDArray[np.uint8]:
    """The selection, (H, W), 0 = outside."""
    return np.fromfile(report.out / "selection.gray", np.uint8).reshape(SIZE)


def holds_for_a_filled_selection(report: Report, prompt: str) -> None:
    """What a painter may rely on, whatever was painted."""
    facts: dict[str, Any] = report.facts
    before, after, redone = facts["before"], facts["after"], facts["redone"]
    assert facts["previews"] >= 1, facts["status"]
    assert after["layers"][:-1] == before["layers"] == ["Photograph"]
    assert after["layers"][-1].startswith(f"{prompt} [")
    assert after["locked"] == [False, False]
    assert len(after["undo"]) == len(before["undo"]) + 1
    for name in ("active", "selection"):
        assert after[name] == before[name]
    assert facts["undone"]["layers"] == before["layers"]
    assert facts["undone"]["active"] == before["active"]
    assert redone["layers"] == after["layers"]
    outside = selected(report) == 0
    assert (pixels(report, "after")[outside] == pixels(report, "before")[outside]).all()
    inside = selected(report) == 255
    changed = (pixels(report, "after")[inside] != pixels(report, "before")[inside]).any(-1)
    assert changed.mean() > 0.5
    assert (pixels(report, "undone") == pixels(report, "before")).all()
    assert (pixels(report, "redone") == pixels(report, "after")).all()


def test_a_selection_is_filled_by_the_real_bridge(play: Play, tmp_path: Path) -> None:
    with running_bridge(tmp_path) as bridge:
        report = play(
            "fill_selection", bridge.connection_file, prompt="a full moon", candidates="2"
        )
    holds_for_a_filled_selection(report, "a full moon")


def test_the_real_engine_paints_what_the_prompt_says(play: Play, tmp_path: Path) -> None:
    """With a model of colours in closed form: what it paints can be known."""
    model = write_model(tmp_path / "tiny")
    with running_bridge(tmp_path, [model], [Path(tiny.__file__)]) as bridge:
        report = play("fill_selection", bridge.connection_file, prompt="red", model="tiny")
    holds_for_a_filled_selection(report, "red")
    blue, green, red = pixels(report, "after")[selected(report) == 255].mean(0)[:3]
    assert red > blue + 60
    assert red > green + 60


def test_a_selection_is_filled_with_exactly_the_pixels_the_bridge_sent(
    play: Play, tmp_path: Path
) -> None:
    # Slow steps: a busy machine must still see two of the previews.
    part = Part({"red and green": Script(step_s=0.4)})
    with scripted_bridge(part, tmp_path) as file:
        report = play("fill_selection", file, prompt="red and green")
    holds_for_a_filled_selection(report, "red and green")
    assert int(str(report.facts["previews"])) >= 2
    (asked,) = part.submitted()
    assert (asked.mode, asked.prompt) == ("inpaint", "red and green")
    sent = asked.image
    mask = asked.mask
    assert sent is not None
    assert mask is not None
    before = pixels(report, "before")
    # What is sent is cut to the selection's surroundings.
    left, top = asked.origin
    sent_part = np.s_[top : top + sent.height, left : left + sent.width]
    assert (left, top, sent.width, sent.height) == (0, 0, 350 + MARGIN_OF_SKY, 274 + MARGIN_OF_SKY)
    assert sent.data == before[sent_part][..., [2, 1, 0, 3]].tobytes()
    assert mask.data == selected(report)[sent_part].tobytes()
    best = np.frombuffer(part.results[3].data, np.uint8).reshape(228, 264, 4)
    inside = best[..., 3] == 255
    there = pixels(report, "after")[46:274, 86:350][inside]
    assert (there == best[inside][..., [2, 1, 0, 3]]).all()
