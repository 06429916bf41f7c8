"""Cancel, undo, keep and choose in the real Krita: the painter's work is never in danger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.editors.krita.conftest import Play
from tests.editors.krita.studio import Report
from tests.editors.scripted_bridge import Part, Script, scripted_bridge

pytestmark = pytest.mark.editor
SLOW = Script(steps=200)  # over when somebody ends it


def same_pixels(report: Report, *names: str) -> bool:
    """Whether the merged pictures that the scenario saved are the same bytes."""
    return len({(report.out / f"{name}.bgra").read_bytes() for name in names}) == 1


def test_a_painter_may_change_their_mind(play: Play, tmp_path: Path) -> None:
    part = Part(dict.fromkeys(("cancel", "undo", "work", "keep"), SLOW))
    with scripted_bridge(part, tmp_path) as file:
        report = play("changes_of_mind", file)
    facts: dict[str, Any] = report.facts
    before = facts["before"]
    assert part.cancelled() == ["cancel", "undo", "work"]
    # An entry that was undone stays in the list until the next one; it is there to be redone.
    for name in ("cancelled", "undone"):
        assert {**facts[name], "undo": before["undo"]} == before
    assert "as it was" in facts["cancelled_status"]
    assert same_pixels(report, "before", "cancelled", "undone", "worked")
    assert facts["worked"]["layers"] == ["Photograph", "My own"]
    assert facts["kept"]["layers"][-1] == "keep [4711]"
    assert facts["kept_entries"] == 1
    assert facts["looks"] == 3
    assert facts["chosen"]["layers"][-1] == "choose [4713]"
    assert facts["chosen_entries"] == 0
    assert facts["own_stroke"] == [1, 2, 3, 255]
    assert facts["after_own_stroke"]["layers"][-2:] == ["choose [4713]", "choose [4714]"]


def test_krita_and_the_document_survive_every_trouble(play: Play, tmp_path: Path) -> None:
    # Slow steps: on a busy machine the first preview must still be seen before the end comes.
    fail, vanish = Script(step_s=0.5, fail_at=5), Script(step_s=0.5, vanish_at=5)
    refuse = Script(fail_at=0)
    scripts = {"refuse": refuse, "fail": fail, "vanish": vanish, "close": SLOW}
    part = Part({**scripts, "two": Script(step_s=0.5), "gone": Script(step_s=0.3)})
    with scripted_bridge(part, tmp_path) as file:
        report = play("troubles", file)
    facts: dict[str, Any] = report.facts
    before = facts["before"]
    assert facts["failed_status"] == "The painter ran out of paint. Buy some, then try again."
    assert "connection" in facts["vanished_status"]
    for name in ("refused", "failed", "vanished"):
        assert {**facts[name], "undo": before["undo"]} == before
    assert same_pixels(report, "before", "failed", "vanished")
    assert "close" in part.cancelled()
    assert facts["open"] == 0
    assert "no picture" in facts["without_document"]
    assert facts["first"] == ["Photograph", "two [4714]"]
    assert facts["second"] == facts["second_undone"] == ["Background"]
    assert facts["second_entries"] == 0
    small = np.fromfile(report.out / "second.bgra", np.uint8).reshape(-1, 4)
    assert (small == [10, 20, 30, 255]).all()
    assert facts["first_undone"] == ["Photograph"]
    assert same_pixels(report, "first", "first-undone")
    assert facts["gone"] == ["Photograph", "gone [4714]"]
