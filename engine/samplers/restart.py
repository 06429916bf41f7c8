"""Restart sampling: Xu et al. (arXiv:2306.14878), algorithm 1, over Heun's method.

The ODE is followed down to low noise, the picture is noised back up to medium noise and followed
down again: errors made on the way are forgotten, as with stochastic samplers, while each way is as
exact as an ODE's. The levels to walk again are those the schedule itself has between sigma/alpha 2
and 0.1; where it has fewer than three there, nothing is restarted. Heun's method is in the clock t
= sigma / (alpha + sigma), as in `heun`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.hookspecs import hookimpl
from engine.schedules import CLEAN, Denoise, Level, Noise, Sampler
from engine.transitions import drift

if TYPE_CHECKING:
    from torch import Tensor


NOISIEST, CLEANEST = 2.0, 0.1


def restart(
    denoise: Denoise, x: Tensor, levels: Sequence[Level], noise: Noise, *, times: int = 1
) -> Iterator[Tensor]:
    """Yield x0 once per step; below the restarted levels the model is called for all again."""
    again = [level for level in levels if CLEANEST <= level.ratio <= NOISIEST]
    for here, there in pairwise(levels):
        if len(again) >= 3 and here == again[-1]:
            for _ in range(times):
                x = _raised(x, again[-1], again[0], noise())
                for start, end in pairwise(again):
                    x = _heun(denoise, x, denoise(x, start), start, end)
        x0 = denoise(x, here)
        yield x0
        x = _heun(denoise, x, x0, here, there)


def _raised(x: Tensor, low: Level, high: Level, noise: Tensor) -> Tensor:
    """Return x noised from a low level up to a high one."""
    a = high.alpha / low.alpha
    return a * x + math.sqrt(high.sigma**2 - (a * low.sigma) ** 2) * noise


def _heun(denoise: Denoise, x: Tensor, x0: Tensor, here: Level, there: Level) -> Tensor:
    onward = drift(x, x0, here, there)
    if there == CLEAN:
        return onward
    t, t_there = (level.sigma / (level.alpha + level.sigma) for level in (here, there))
    w = min(there.sigma / (2.0 * t_there) * (t / t_there - 1.0), there.alpha)
    return onward + w * (denoise(onward, there) - x0)


@hookimpl
def mahlstick_samplers() -> Mapping[str, Sampler]:
    """Register this sampler."""
    return {"restart": restart}
