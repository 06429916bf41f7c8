"""SDE-DPM-Solver++, single step: Lu et al. (arXiv:2211.01095), section 5, midpoint 1/2.

x0 is guessed on a noisy path halfway in log-SNR and used for the whole step. Both halves' noise is
one Brownian motion: in the clock 1/s^2 = (alpha/sigma)^2 the noise of the whole step is the sum of
the halves', so the step goes on along the very path on which it looked ahead. From pure noise
there is no halfway: that step is first order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.hookspecs import hookimpl
from engine.schedules import CLEAN, Denoise, Level, Noise, Sampler
from engine.transitions import between, stir, stride

if TYPE_CHECKING:
    from torch import Tensor


def dpmpp_sde(
    denoise: Denoise, x: Tensor, levels: Sequence[Level], noise: Noise
) -> Iterator[Tensor]:
    """Yield x0 once per step; stochastic, two calls of the model a step, one for the ends."""
    for here, there in pairwise(levels):
        x0 = denoise(x, here)
        yield x0
        if there == CLEAN:
            return
        if not math.isfinite(stride(here, there)):
            x = stir(x, x0, here, there, noise.between(here, there))
            continue
        mid = between(here, there)
        first, second = noise.between(here, mid), noise.between(mid, there)
        guess = denoise(stir(x, x0, here, mid, first), mid)
        share = _share(here, mid, there)
        whole = math.sqrt(share) * first + math.sqrt(1.0 - share) * second
        x = stir(x, guess, here, there, whole)


def _share(here: Level, mid: Level, there: Level) -> float:
    """Return the part of the step's noise that has come in by the middle."""
    start, halfway, end = (1.0 / level.ratio**2 for level in (here, mid, there))
    return (halfway - start) / (end - start)


@hookimpl
def mahlstick_samplers() -> Mapping[str, Sampler]:
    """Register this sampler."""
    return {"dpmpp_sde": dpmpp_sde}
