"""How long a painting will still take."""

from __future__ import annotations

import pytest

from bridge.wire.pace import Pace, spoken


def paced(*seen: tuple[float, float]) -> Pace:
    pace = Pace()
    for progress, now in seen:
        pace.note(progress, now)
    return pace


def test_nothing_is_said_before_there_is_something_to_go_by() -> None:
    assert Pace().left(5.0) is None
    assert paced((0.0, 0.0), (0.01, 1.0), (0.02, 2.0)).left(2.0) is None


def test_an_even_pace_is_continued() -> None:
    pace = paced((0.1, 10.0), (0.2, 11.0), (0.5, 14.0))
    assert pace.left(14.0) == pytest.approx(5.0)
    assert pace.left(16.0) == pytest.approx(3.0)
    assert pace.left(99.0) == 0.0


def test_how_long_the_first_step_took_does_not_count() -> None:
    assert paced((0.1, 100.0), (0.6, 101.0)).left(101.0) == pytest.approx(0.8)


def test_who_begins_anew_is_measured_anew() -> None:
    assert paced((0.5, 1.0), (0.9, 2.0), (0.1, 10.0), (0.2, 12.0)).left(12.0) == pytest.approx(16)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (12.4, "12 s"), (59.0, "59 s"), (60.0, "1 min"), (3700.0, "1 h 2 min")],
)
def test_times_are_said_as_a_painter_says_them(seconds: float, text: str) -> None:
    assert spoken(seconds) == text
