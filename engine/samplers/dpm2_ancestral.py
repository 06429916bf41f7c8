"""DPM-Solver-2 below the next level, and fresh noise back up to it.

Ancestral steps as Karras et al. write them: with s = sigma / alpha the step aims at s_down = s'^2
/ s, as in `euler_ancestral`, by the midpoint rule of Lu et al. (arXiv:2206.00927) with s_mid =
sqrt(s s_down). Its correction is held below alpha', so that x0_mid is not extrapolated over long
steps. From pure noise there is no midpoint: that step is ancestral Euler.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.hookspecs import hookimpl
from engine.schedules import CLEAN, Denoise, Level, Noise, Sampler
from engine.transitions import drift, stir, stride

if TYPE_CHECKING:
    from torch import Tensor


def dpm2_ancestral(
    denoise: Denoise, x: Tensor, levels: Sequence[Level], noise: Noise
) -> Iterator[Tensor]:
    """Yield x0 once per step; stochastic, two calls of the model a step, one for the ends."""
    for here, there in pairwise(levels):
        x0 = denoise(x, here)
        yield x0
        if there == CLEAN:
            return
        onward = stir(x, x0, here, there, noise())
        if math.isfinite(stride(here, there)):
            down = there.ratio**2 / here.ratio
            # The geometric mean of s and s'^2 / s is s' itself.
            w = there.alpha * min((here.ratio - down) / there.ratio, 1.0)
            onward = onward + w * (denoise(drift(x, x0, here, there), there) - x0)
        x = onward


@hookimpl
def mahlstick_samplers() -> Mapping[str, Sampler]:
    """Register this sampler."""
    return {"dpm2_ancestral": dpm2_ancestral}
