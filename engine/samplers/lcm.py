"""Multistep consistency sampling: Luo et al. (arXiv:2310.04378), algorithm 3.

For models distilled to jump to the picture from any level: each guess is noised again to the next
level with fresh noise. With an ordinary model it paints too smoothly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.hookspecs import hookimpl
from engine.schedules import CLEAN, Denoise, Level, Noise, Sampler

if TYPE_CHECKING:
    from torch import Tensor


def lcm(denoise: Denoise, x: Tensor, levels: Sequence[Level], noise: Noise) -> Iterator[Tensor]:
    """Yield x0 once per step; stochastic, one call of the model a step, made for 1 to 8 steps."""
    for here, there in pairwise(levels):
        x0 = denoise(x, here)
        yield x0
        if there == CLEAN:
            return
        x = there.alpha * x0 + there.sigma * noise()


@hookimpl
def mahlstick_samplers() -> Mapping[str, Sampler]:
    """Register this sampler."""
    return {"lcm": lcm}
