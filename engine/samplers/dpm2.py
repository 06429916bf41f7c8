"""DPM-Solver-2: Lu et al. (arXiv:2206.00927), algorithm 1, the midpoint in log-SNR.

In z = x / alpha, s = sigma / alpha: the slope (z - x0) / s is taken at s_mid = sqrt(s s'), so that
the step is Euler's plus w (x0_mid - x0), w = alpha' (s - s') / s_mid. Over long steps w grows
without bound; it is held below alpha', so that x0_mid is not extrapolated. From pure noise there
is no midpoint: that step is Euler's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.hookspecs import hookimpl
from engine.schedules import Denoise, Level, Noise, Sampler
from engine.transitions import between, drift, stride

if TYPE_CHECKING:
    from torch import Tensor


def dpm2(
    denoise: Denoise,
    x: Tensor,
    levels: Sequence[Level],
    noise: Noise,  # noqa: ARG001 - the contract's; this sampler draws none
) -> Iterator[Tensor]:
    """Yield x0 once per step; second order, two calls of the model a step, one for the ends."""
    for here, there in pairwise(levels):
        x0 = denoise(x, here)
        yield x0
        onward = drift(x, x0, here, there)
        if math.isfinite(stride(here, there)):
            mid = between(here, there)
            w = there.alpha * min((here.ratio - there.ratio) / mid.ratio, 1.0)
            onward = onward + w * (denoise(drift(x, x0, here, mid), mid) - x0)
        x = onward


@hookimpl
def mahlstick_samplers() -> Mapping[str, Sampler]:
    """Register this sampler."""
    return {"dpm2": dpm2}
