"""Expanding the canvas in the real Krita: the old pixels stay, and it can be taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.editors.krita.conftest import Play
from tests.editors.scripted_bridge import Part, Script, scripted_bridge

pytestmark = pytest.mark.editor


def test_an_expanded_canvas_keeps_the_old_pixels_and_can_be_taken_back(
    play: Play, tmp_path: Path
) -> None:
    part = Part({"cancel": Script(steps=200)})
    with scripted_bridge(part, tmp_path) as file:
        report = play("expand", file, prompt="the sea")
    facts: dict[str, Any] = report.facts
    before = facts["before"]
    assert (facts["label"], facts["label_afterwards"]) == ("Expand canvas", "Generate")
    assert facts["while"] == facts["size"] == [1280, 800]
    assert {**facts["cancelled"], "undo": before["undo"]} == before
    # Krita holds a document for modified for as long as it has had a history in it.
    assert {**facts["undone"], "undo": before["undo"], "modified": False} == before
    assert facts["remembered"] == [1, 0]
    assert facts["after"]["layers"] == ["Photograph", "the sea [4714]"]
    assert len(facts["after"]["undo"]) - len(before["undo"]) == 2
    old = np.fromfile(report.out / "before.bgra", np.uint8).reshape(640, 960, 4)
    new = np.fromfile(report.out / "after.bgra", np.uint8).reshape(800, 1280, 4)
    assert (new[:640, :960] == old).all()
    best = part.painted["the sea"]
    outside = np.ones((800, 1280), bool)
    outside[:640, :960] = False
    assert (new[outside] == best[outside][:, [2, 1, 0, 3]]).all()
    assert facts["redone"]["layers"] == facts["after"]["layers"]
    assert (report.out / "redone.bgra").read_bytes() == new.tobytes()
    for name in ("cancelled", "undone"):
        assert (report.out / f"{name}.bgra").read_bytes() == old.tobytes()
