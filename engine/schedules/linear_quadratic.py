"""The schedule of flow models that starts with many tiny steps, then takes ever longer ones.

Polyak et al. (Movie Gen, arXiv:2410.13720), section 3.4.2: the first steps are those a far longer
uniform schedule would take, where the layout is decided; the rest of the way is a parabola.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.hookspecs import hookimpl
from engine.schedules.level import CLEAN, Level, NoisePath, Schedule

THRESHOLD = 0.025  # the part of the way that half of the steps is spent on


def linear_quadratic(path: NoisePath, steps: int) -> list[Level]:
    """Return levels that leave pure noise slowly; a single step goes all the way."""
    return [*(path.level(1.0 - _gone(i, steps)) for i in range(steps)), CLEAN]


def _gone(i: int, steps: int) -> float:
    """Return the part of the way gone after i steps: a line, then a parabola of its slope."""
    lines = steps // 2
    if i <= lines:
        return THRESHOLD * i / max(lines, 1)
    beyond, parabolas = i - lines, steps - lines
    slope = THRESHOLD / lines
    return (
        THRESHOLD
        + slope * beyond
        + (1.0 - THRESHOLD - slope * parabolas) * (beyond / parabolas) ** 2
    )


@hookimpl
def mahlstick_schedules() -> Mapping[str, Schedule]:
    """Register this schedule."""
    return {"linear_quadratic": linear_quadratic}
