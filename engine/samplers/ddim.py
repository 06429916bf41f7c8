"""DDIM: Song et al. (arXiv:2010.02502), equations 12 and 16.

x' = alpha' x0 + sqrt(sigma'^2 - up^2) eps + up n, where eps = (x - alpha x0) / sigma is the noise
the model saw and up = eta sigma' sqrt(1 - r^2), r = (sigma'/alpha') / (sigma/alpha). eta 0 draws
no noise, 1 is DDPM.
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


def ddim(
    denoise: Denoise, x: Tensor, levels: Sequence[Level], noise: Noise, *, eta: float = 0.0
) -> Iterator[Tensor]:
    """Yield x0 once per step; first order, one call of the model a step; eta in [0, 1]."""
    for here, there in pairwise(levels):
        x0 = denoise(x, here)
        yield x0
        if there == CLEAN:
            return
        eps = (x - here.alpha * x0) / here.sigma
        r = (here.alpha * there.sigma) / (there.alpha * here.sigma)
        up = eta * there.sigma * math.sqrt(1.0 - r * r)
        x = there.alpha * x0 + math.sqrt(there.sigma**2 - up**2) * eps
        if up > 0.0:
            x = x + up * noise()


@hookimpl
def mahlstick_samplers() -> Mapping[str, Sampler]:
    """Register this sampler."""
    return {"ddim": ddim}
