"""DEIS: Zhang and Chen (arXiv:2204.13902), the multistep form over log(sigma/alpha), third order.

The noise seen, eps = (x - alpha x0) / sigma, is continued over lambda = log(alpha/sigma) by the
polynomial through its last values and integrated exactly, with the moments m_k of e^-u u^k over
the step. A step longer than 1 in lambda would multiply an error of eps by more than the next
level's noise: such steps, and those from pure noise, are plain DDIM.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from engine.hookspecs import hookimpl
from engine.schedules import Denoise, Level, Noise, Sampler
from engine.transitions import drift, stride

if TYPE_CHECKING:
    from torch import Tensor


LONGEST = 1.0  # in log(alpha/sigma)


def deis(
    denoise: Denoise,
    x: Tensor,
    levels: Sequence[Level],
    noise: Noise,  # noqa: ARG001 - the contract's; this sampler draws none
    *,
    order: Literal[1, 2, 3] = 3,
) -> Iterator[Tensor]:
    """Yield x0 once per step; one call of the model a step."""
    known: list[tuple[float, Tensor]] = []  # (lambda, eps), the newest first
    for here, there in pairwise(levels):
        x0 = denoise(x, here)
        yield x0
        onward = drift(x, x0, here, there)
        if here.alpha > 0.0:
            eps = (x - here.alpha * x0) / here.sigma
            known = [(here.log_snr / 2.0, eps), *known[: order - 1]]
            h = stride(here, there)
            if h <= LONGEST and len(known) > 1:
                onward = onward - there.alpha * here.ratio * _bent(known, h)
        x = onward


def _bent(known: Sequence[tuple[float, Tensor]], h: float) -> Tensor:
    """Return the integral of e^-u times what the polynomial adds to the newest eps."""
    (here, eps), *older = known
    first = -math.expm1(-h) - h * math.exp(-h)
    second = 2.0 * first - h * h * math.exp(-h)
    u1 = older[0][0] - here
    slope = (older[0][1] - eps) / u1
    if len(older) == 1:
        return first * slope
    u2 = older[1][0] - here
    bend = ((older[1][1] - eps) / u2 - slope) / (u2 - u1)
    return first * (slope - u1 * bend) + second * bend


@hookimpl
def mahlstick_samplers() -> Mapping[str, Sampler]:
    """Register this sampler."""
    return {"deis": deis}
