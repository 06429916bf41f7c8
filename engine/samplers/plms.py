"""Pseudo linear multistep, PLMS: Liu et al. (arXiv:2202.09778), equations 9 to 12.

The noise seen, eps = (x - alpha x0) / sigma, is continued by Adams-Bashforth coefficients over the
steps (even ones are assumed) and put through the DDIM step. The first step is repeated with the
mean of the noise at both its ends. A step that multiplies sigma/alpha by less than 1/e would also
multiply an error of eps by more than the next level's noise: such steps, and those from pure
noise, are plain DDIM.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.hookspecs import hookimpl
from engine.schedules import Denoise, Level, Noise, Sampler
from engine.transitions import drift, stride

if TYPE_CHECKING:
    from torch import Tensor


COEFFICIENTS = (
    (1.0,),
    (3.0 / 2.0, -1.0 / 2.0),
    (23.0 / 12.0, -16.0 / 12.0, 5.0 / 12.0),
    (55.0 / 24.0, -59.0 / 24.0, 37.0 / 24.0, -9.0 / 24.0),
)
LONGEST = 1.0  # in log(alpha/sigma)


def plms(
    denoise: Denoise,
    x: Tensor,
    levels: Sequence[Level],
    noise: Noise,  # noqa: ARG001 - the contract's; this sampler draws none
) -> Iterator[Tensor]:
    """Yield x0 once per step; second order, one call of the model a step, two for the first."""
    known: list[Tensor] = []  # eps, the newest first
    for here, there in pairwise(levels):
        x0 = denoise(x, here)
        yield x0
        eps = (x - here.alpha * x0) / here.sigma
        known = [eps, *known[:3]]
        onward = drift(x, x0, here, there)
        if stride(here, there) <= LONGEST:
            if len(known) == 1:
                ahead = denoise(onward, there)
                change = ((onward - there.alpha * ahead) / there.sigma - eps) / 2.0
            else:
                change = _continued(known) - eps
            onward = onward + (there.sigma - there.alpha * here.ratio) * change
        x = onward


def _continued(known: Sequence[Tensor]) -> Tensor:
    total = COEFFICIENTS[len(known) - 1][0] * known[0]
    for coefficient, eps in zip(COEFFICIENTS[len(known) - 1][1:], known[1:], strict=True):
        total = total + coefficient * eps
    return total


@hookimpl
def mahlstick_samplers() -> Mapping[str, Sampler]:
    """Register this sampler."""
    return {"plms": plms}
