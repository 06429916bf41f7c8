from __future__ import annotations

from itertools import pairwise

import pytest

from engine.schedules import FlowPath, Level
from engine.schedules.linear_quadratic import linear_quadratic


@pytest.mark.parametrize("steps", [4, 10, 25, 50])
def test_half_of_the_steps_are_those_of_a_uniform_schedule_far_longer(steps: int) -> None:
    path, half = FlowPath(), steps // 2
    times = [path.time(level) for level in linear_quadratic(path, steps)]
    assert times[: half + 1] == pytest.approx([1 - 0.025 * i / half for i in range(half + 1)])


@pytest.mark.parametrize("steps", [4, 10, 25, 50])
def test_the_rest_is_a_parabola_that_goes_on_with_the_same_slope(steps: int) -> None:
    path, half = FlowPath(), steps // 2
    gaps = [a.sigma - b.sigma for a, b in pairs(linear_quadratic(path, steps))]
    growth = [b - a for a, b in zip(gaps[half:], gaps[half + 1 :], strict=False)]
    assert growth == pytest.approx([growth[0]] * len(growth))
    # A parabola's first gap is its slope and half its second difference.
    assert gaps[half] == pytest.approx(gaps[0] + growth[0] / 2)


def test_one_and_two_steps_go_all_the_way() -> None:
    path = FlowPath()
    assert [level.sigma for level in linear_quadratic(path, 1)] == [1.0, 0.0]
    assert [level.sigma for level in linear_quadratic(path, 2)] == pytest.approx([1.0, 0.975, 0.0])


def pairs(levels: list[Level]) -> list[tuple[Level, Level]]:
    return list(pairwise(levels))
