"""Schedules uniform in a path's own time: what the model itself was trained to tell apart."""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.hookspecs import hookimpl
from engine.schedules.level import CLEAN, Level, NoisePath, Schedule
from engine.schedules.paths import trained_steps


def model(path: NoisePath, steps: int) -> list[Level]:
    """Return levels uniform in the path's time.

    This is the spacing "trailing" of Lin et al. (arXiv:2305.08891). It starts at the path's
    very start, pure noise included.
    """
    return [*(path.level(1.0 - i / steps) for i in range(steps)), CLEAN]


def sgm_uniform(path: NoisePath, steps: int) -> list[Level]:
    """Return levels uniform between the path's start and the first training step, left out itself.

    So the last step before the clean picture is a little longer than under `model`.
    """
    first = min(1.0 / trained_steps(path), 0.5)
    return [*(path.level(1.0 - (1.0 - first) * i / steps) for i in range(steps)), CLEAN]


def simple(path: NoisePath, steps: int) -> list[Level]:
    """Return every n-th whole training step, so that a network is told no fraction of a step.

    Where there are hardly as many training steps as are asked for, fractions are taken after all.
    """
    trained = trained_steps(path)
    if trained < 2 * steps:
        return model(path, steps)
    whole = (math.floor(trained * (1.0 - i / steps) + 1e-9) for i in range(steps))
    return [*(path.level(step / trained) for step in whole), CLEAN]


@hookimpl
def mahlstick_schedules() -> Mapping[str, Schedule]:
    """Register the schedules of this module."""
    return {"model": model, "sgm_uniform": sgm_uniform, "simple": simple}
