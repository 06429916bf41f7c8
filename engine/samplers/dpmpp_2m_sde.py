"""SDE-DPM-Solver++(2M): Lu et al. (arXiv:2211.01095), section 5, the multistep midpoint form.

D = x0 + (h / 2 h_before) (x0 - x0_before), h the step in lambda = log(alpha/sigma), takes the
place of x0 in the SDE's step. Steps from pure noise, and the one after, have no finite h to
extrapolate along: first order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.hookspecs import hookimpl
from engine.schedules import CLEAN, Denoise, Level, Noise, Sampler
from engine.transitions import stir, stride

if TYPE_CHECKING:
    from torch import Tensor


def dpmpp_2m_sde(
    denoise: Denoise, x: Tensor, levels: Sequence[Level], noise: Noise
) -> Iterator[Tensor]:
    """Yield x0 once per step; stochastic, of weak order two, one call of the model a step."""
    before: Tensor | None = None
    h_before = math.inf
    for here, there in pairwise(levels):
        x0 = denoise(x, here)
        yield x0
        if there == CLEAN:
            return
        h = stride(here, there)
        guess = x0
        if before is not None and math.isfinite(h_before):
            guess = x0 + h / (2.0 * h_before) * (x0 - before)
        x = stir(x, guess, here, there, noise.between(here, there))
        before, h_before = x0, h


@hookimpl
def mahlstick_samplers() -> Mapping[str, Sampler]:
    """Register this sampler."""
    return {"dpmpp_2m_sde": dpmpp_2m_sde}
