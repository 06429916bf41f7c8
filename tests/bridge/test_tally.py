"""What is counted of every way in which a job goes."""

from __future__ import annotations

import pytest

from bridge.tally import Histogram, Tally
from bridge.wire.messages import (
    Cancelled,
    Failed,
    Finished,
    JobEvent,
    Painted,
    Picture,
    Preview,
    Rect,
    Started,
)
from tests.bridge.painters import flat_started

PIXEL = Picture(1, 1, "rgba8", b"abcd")


def started(job: str) -> Started:
    return flat_started(job, seed=1)  # of 4 steps


def preview(job: str, step: int, candidate: int = 0) -> Preview:
    return Preview(0, job, candidate, step, 4, PIXEL)


def painted(job: str) -> Painted:
    return Painted(0, job, 0, 1, Rect(0, 0, 1, 1), PIXEL, None, 1.0)


def counted(*timed: tuple[float, JobEvent]) -> Tally:
    now = [0.0]
    tally = Tally(lambda: now[0])
    for at, event in timed:
        now[0] = at
        tally.saw("s", event)
    return tally


def test_a_value_is_counted_below_its_bound() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 9.0):
        histogram.add(value)
    assert histogram.counts == [2, 1, 1]
    assert histogram.total == pytest.approx(12.0)


def test_each_step_is_timed_once_for_all_candidates() -> None:
    tally = counted(
        (10.0, started("1")),
        (10.5, preview("1", 1)),
        (10.6, preview("1", 1, candidate=1)),
        (11.0, preview("1", 2)),
        (13.0, preview("1", 4)),  # the third was not told
        (14.0, painted("1")),
        (14.5, Finished(0, "1", [0], 4.0)),
    )
    assert sum(tally.step_seconds.counts) == 4
    assert tally.step_seconds.total == pytest.approx(3.0)
    assert tally.outcomes == {"finished": 1, "cancelled": 0, "failed": 0}


@pytest.mark.parametrize(("stopped_at", "steps"), [(None, 4), (2, 2)])
def test_without_previews_the_mean_step_stands_for_all(stopped_at: int | None, steps: int) -> None:
    tally = counted(
        (1.0, started("1")),
        (3.0, painted("1")),
        (8.0, Finished(0, "1", [0], 7.0, stopped_at)),
    )
    assert sum(tally.step_seconds.counts) == steps
    assert tally.step_seconds.total == pytest.approx(2.0)


def test_a_second_start_times_anew() -> None:
    tally = counted(
        (0.0, started("1")),
        (90.0, started("1")),
        (91.0, preview("1", 1)),
        (92.0, Cancelled(0, "1")),
    )
    assert tally.step_seconds.total == pytest.approx(1.0)


def test_failures_are_counted_by_their_code_and_nothing_is_kept_of_them() -> None:
    tally = counted(
        (0.0, Failed(0, "1", "out_of_memory", "a sentence")),
        (0.0, Failed(0, "2", "out_of_memory", "a sentence")),
        (0.0, Cancelled(0, "3")),
        (0.0, started("4")),
        (0.0, Failed(0, "4", "internal", "a sentence")),
    )
    assert tally.failures == {"out_of_memory": 2, "internal": 1}
    assert tally.outcomes == {"finished": 0, "cancelled": 1, "failed": 3}
    assert not tally._paintings
