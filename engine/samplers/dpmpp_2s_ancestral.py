"""DPM-Solver++(2S), ancestral: Lu et al. (arXiv:2211.01095), algorithm 1, aimed lower.

With s = sigma / alpha an ancestral step aims at s_down = s'^2 / s and adds noise up to s'; halfway
to it in log-SNR lies s' itself. x0 is guessed there and used for the whole step. From pure noise
there is no halfway: that step is first order.
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


def dpmpp_2s_ancestral(
    denoise: Denoise, x: Tensor, levels: Sequence[Level], noise: Noise
) -> Iterator[Tensor]:
    """Yield x0 once per step; stochastic, two calls of the model a step, one for the ends."""
    for here, there in pairwise(levels):
        x0 = denoise(x, here)
        yield x0
        if there == CLEAN:
            return
        guess = x0
        if math.isfinite(stride(here, there)):
            guess = denoise(drift(x, x0, here, there), there)
        x = stir(x, guess, here, there, noise())


@hookimpl
def mahlstick_samplers() -> Mapping[str, Sampler]:
    """Register this sampler."""
    return {"dpmpp_2s_ancestral": dpmpp_2s_ancestral}
