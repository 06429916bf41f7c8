"""Euler's method on the probability-flow ODE: Karras et al. (arXiv:2206.00364), algorithm 1.

In z = x / alpha, s = sigma / alpha the ODE is dz/ds = (z - x0) / s, and a step to s' gives z' =
(s'/s) z + (1 - s'/s) x0. Times alpha' it holds no division by alpha, so pure noise is no special
case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.hookspecs import hookimpl
from engine.schedules import Denoise, Level, Noise, Sampler

if TYPE_CHECKING:
    from torch import Tensor


def euler(
    denoise: Denoise,
    x: Tensor,
    levels: Sequence[Level],
    noise: Noise,  # noqa: ARG001 - the contract's; this sampler draws none
) -> Iterator[Tensor]:
    """Yield x0 once per step; first order, one call of the model a step."""
    for here, there in pairwise(levels):
        x0 = denoise(x, here)
        yield x0
        keep = there.sigma / here.sigma
        x = keep * x + (there.alpha - here.alpha * keep) * x0


@hookimpl
def mahlstick_samplers() -> Mapping[str, Sampler]:
    """Register this sampler."""
    return {"euler": euler}
