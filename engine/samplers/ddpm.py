"""DDPM: Ho et al. (arXiv:2006.11239), equations 6 and 7, between any two levels of any path.

The forward process from level s to t multiplies by a = alpha_t / alpha_s and adds noise of
variance b = sigma_t^2 - a^2 sigma_s^2; q(x_s | x_t, x0) has the mean (a sigma_s^2 x_t + alpha_s b
x0) / sigma_t^2 and the variance b sigma_s^2 / sigma_t^2 (the smaller of the paper's two choices,
exact for a single picture).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.hookspecs import hookimpl
from engine.schedules import CLEAN, Denoise, Level, Noise, Sampler

if TYPE_CHECKING:
    from torch import Tensor


def ddpm(denoise: Denoise, x: Tensor, levels: Sequence[Level], noise: Noise) -> Iterator[Tensor]:
    """Yield x0 once per step; stochastic, one call of the model a step."""
    for t, s in pairwise(levels):
        x0 = denoise(x, t)
        yield x0
        if s == CLEAN:
            return
        a = t.alpha / s.alpha
        b = t.sigma**2 - (a * s.sigma) ** 2
        mean = (a * s.sigma**2 / t.sigma**2) * x + (s.alpha * b / t.sigma**2) * x0
        x = mean + math.sqrt(b) * s.sigma / t.sigma * noise()


@hookimpl
def mahlstick_samplers() -> Mapping[str, Sampler]:
    """Register this sampler."""
    return {"ddpm": ddpm}
