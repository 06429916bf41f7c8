"""A painting as its events leave it."""

from __future__ import annotations

import pytest

from bridge.wire.messages import (
    Accepted,
    Cancelled,
    Failed,
    Finished,
    JobEvent,
    Loading,
    Painted,
    Picture,
    Preview,
    Queued,
    Rect,
    Started,
)
from bridge.wire.painting import Painting

MASK = Picture(1, 1, "gray8", b"\xff")
BOX = Rect(0, 0, 1, 1)


def started(seq: int = 3, steps: int = 4) -> Started:
    return Started(
        seq, "j", 77, [77, 78], "disc", "euler", steps, 1.0, 8, 8, (0, 0), BOX, BOX, MASK
    )


def preview(candidate: int, step: int, seq: int = 0) -> Preview:
    return Preview(seq, "j", candidate, step, 4, Picture(1, 1, "rgb8", bytes([step] * 3)))


def painted(candidate: int) -> Painted:
    return Painted(20, "j", candidate, 77, BOX, Picture(1, 1, "rgba8", bytes(4)), None, 0.5)


def after(*events: JobEvent) -> Painting:
    painting = Painting("j", candidates=2)
    for event in events:
        painting = painting.after(event)
    return painting


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ((), "sending"),
        ((Accepted(1, "j", 2),), "queued"),
        ((Accepted(1, "j", 2), Queued(2, "j", 1)), "queued"),
        ((Accepted(1, "j", 0), Loading(2, "j", "disc")), "loading"),
        ((Accepted(1, "j", 0), started()), "painting"),
        ((started(), preview(0, 1)), "painting"),
        ((started(), Accepted(4, "j", 0)), "painting"),
        ((started(), painted(0)), "painting"),
        ((started(), Finished(9, "j", [1, 0], 2.0)), "finished"),
        ((Cancelled(9, "j"),), "cancelled"),
        ((started(), Failed(9, "j", "internal", "Why.")), "failed"),
    ],
)
def test_the_state_follows_the_events(events: tuple[JobEvent, ...], state: str) -> None:
    assert after(*events).state == state


@pytest.mark.parametrize("end", [Finished(9, "j", [], 1.0), Cancelled(9, "j")])
@pytest.mark.parametrize(
    "late", [Queued(10, "j", 3), started(11), preview(0, 4), Failed(12, "j", "x", "Why.")]
)
def test_what_comes_after_the_end_changes_nothing(end: JobEvent, late: JobEvent) -> None:
    ended = after(started(), end)
    assert ended.after(late) is ended


def test_results_are_taken_even_after_the_end_for_they_can_be_fetched_again() -> None:
    painting = after(started(), Finished(9, "j", [1, 0], 1.0), painted(0), painted(1))
    assert [result.candidate for result in painting.best] == [1, 0]


def test_results_that_no_order_names_come_last() -> None:
    painting = after(started(), painted(1), painted(0), Finished(9, "j", [1], 1.0))
    assert [result.candidate for result in painting.best] == [1, 0]


def test_only_a_later_step_replaces_a_preview() -> None:
    painting = after(started(), preview(0, 2), preview(0, 1), preview(1, 1))
    assert painting.picture(0) == Picture(1, 1, "rgb8", b"\2\2\2")
    assert painting.picture(1) == Picture(1, 1, "rgb8", b"\1\1\1")
    assert painting.picture(2) is None


def test_a_preview_after_its_result_changes_nothing() -> None:
    painting = after(started(), painted(0))
    assert painting.after(preview(0, 4)) is painting


def test_a_second_try_begins_its_previews_anew() -> None:
    painting = after(started(3), preview(0, 3), started(8), preview(0, 1))
    assert painting.step == 1


def test_a_start_that_is_told_again_changes_nothing() -> None:
    painting = after(started(3), preview(0, 3))
    assert painting.after(started(3)) is painting


def test_progress_counts_the_steps_of_all_candidates() -> None:
    assert after().progress == 0
    painting = after(started(steps=4), preview(0, 2))
    assert (painting.step, painting.steps, painting.progress) == (2, 4, 0.25)
    assert painting.after(painted(1)).progress == 0.75
    assert painting.after(Finished(9, "j", [0], 1.0, stopped_at=2)).progress == 1


def test_the_seed_is_told_from_the_start_on() -> None:
    assert after().seed is None
    assert after(started()).seed == 77


def test_a_failure_carries_what_to_tell_the_painter() -> None:
    failed = Failed(9, "j", "unknown_words", "Nothing is known.", "prompt", ["disc"])
    painting = after(failed)
    assert painting.over
    assert (painting.code, painting.param) == ("unknown_words", "prompt")
    assert (painting.message, painting.suggestions) == ("Nothing is known.", ("disc",))
