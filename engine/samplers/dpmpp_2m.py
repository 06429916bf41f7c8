"""DPM-Solver++(2M): Lu et al. (arXiv:2211.01095), algorithm 2.

With lambda = log(alpha/sigma), h = lambda' - lambda and r = (the last h) / h: D = (1 + 1/2r) x0 -
(1/2r) x0_before, and x' = (sigma'/sigma) x - alpha' (e^-h - 1) D. The first step has no x0 before
it; neither an infinite h of now (to the clean picture) nor one of before (from pure noise) can be
extrapolated along, so those steps are first order, which costs the method none of its order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.hookspecs import hookimpl
from engine.schedules import Denoise, Level, Noise, Sampler

if TYPE_CHECKING:
    from torch import Tensor


def dpmpp_2m(
    denoise: Denoise,
    x: Tensor,
    levels: Sequence[Level],
    noise: Noise,  # noqa: ARG001 - the contract's; this sampler draws none
) -> Iterator[Tensor]:
    """Yield x0 once per step; second order, one call of the model a step."""
    before: Tensor | None = None
    h_before = math.inf
    for here, there in pairwise(levels):
        x0 = denoise(x, here)
        yield x0
        h = (there.log_snr - here.log_snr) / 2.0
        guess = x0
        if before is not None and math.isfinite(h) and math.isfinite(h_before):
            guess = x0 + h / (2.0 * h_before) * (x0 - before)
        keep = there.sigma / here.sigma
        x = keep * x + (there.alpha - here.alpha * keep) * guess
        before, h_before = x0, h


@hookimpl
def mahlstick_samplers() -> Mapping[str, Sampler]:
    """Register this sampler."""
    return {"dpmpp_2m": dpmpp_2m}
