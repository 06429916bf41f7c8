"""Ancestral sampling: a step of Euler's below the next level, and fresh noise back up to it.

Ho et al. (arXiv:2006.11239), equation 7, in the form of Karras et al.: with r = (sigma'/alpha') /
(sigma/alpha) the posterior q(x' | x, x0) has the mean alpha' x0 + r (sigma'/sigma) (x - alpha x0)
and the deviation sigma' sqrt(1 - r^2). From pure noise r is 0: the step is alpha' x0 and wholly
fresh noise.
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


def euler_ancestral(
    denoise: Denoise, x: Tensor, levels: Sequence[Level], noise: Noise
) -> Iterator[Tensor]:
    """Yield x0 once per step; stochastic, one call of the model a step."""
    for here, there in pairwise(levels):
        x0 = denoise(x, here)
        yield x0
        if there == CLEAN:
            return
        r = (here.alpha * there.sigma) / (there.alpha * here.sigma)
        keep = r * there.sigma / here.sigma
        fresh = there.sigma * math.sqrt(1.0 - r * r)
        x = keep * x + (there.alpha - here.alpha * keep) * x0 + fresh * noise()


@hookimpl
def mahlstick_samplers() -> Mapping[str, Sampler]:
    """Register this sampler."""
    return {"euler_ancestral": euler_ancestral}
