"""Linear multistep (Adams-Bashforth of fourth order, for uneven steps) on the probability-flow ODE.

In t = sigma / (alpha + sigma), y = x / (alpha + sigma) any path is the flow dy/dt = v, v = (y -
x0) / t (Karras et al., arXiv:2206.00364, equation 4, take t = sigma/alpha: `clock=ratio`, infinite
at pure noise). v is continued by the polynomial through its last four values and integrated
exactly. The history grows from one value, so the first steps are of lower order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.hookspecs import hookimpl
from engine.schedules import Denoise, Level, Noise, Sampler

if TYPE_CHECKING:
    from torch import Tensor


ORDER = 4


def share(level: Level) -> float:
    """Return noise as a share of the whole, 0 ... 1: the clock of flow models."""
    return level.sigma / (level.alpha + level.sigma)


def ratio(level: Level) -> float:
    """Return sigma/alpha: the clock of Karras et al., for paths that do not start at pure noise."""
    return level.ratio


def lms(
    denoise: Denoise,
    x: Tensor,
    levels: Sequence[Level],
    noise: Noise,  # noqa: ARG001 - the contract's; this sampler draws none
    *,
    clock: Callable[[Level], float] = share,
) -> Iterator[Tensor]:
    """Yield x0 once per step; one call of the model a step."""
    known: list[tuple[float, Tensor]] = []  # (t, v), the newest first
    y = x * (clock(levels[0]) / levels[0].sigma)
    for here, there in pairwise(levels):
        t = clock(here)
        x0 = denoise(y * (here.sigma / t), here)
        yield x0
        known = [(t, (y - x0) / t), *known[: ORDER - 1]]
        weights = _weights([time for time, _ in known], clock(there))
        for weight, (_, v) in zip(weights, known, strict=True):
            y = y + weight * v


def _weights(times: Sequence[float], end: float) -> list[float]:
    """Return the integrals, from times[0] to end, of the Lagrange polynomials over the times."""
    half, middle = (end - times[0]) / 2.0, (end + times[0]) / 2.0
    nodes = (middle - half / math.sqrt(3.0), middle + half / math.sqrt(3.0))  # exact to degree 3
    return [half * sum(_lagrange(times, j, node) for node in nodes) for j in range(len(times))]


def _lagrange(times: Sequence[float], j: int, t: float) -> float:
    others = (time for k, time in enumerate(times) if k != j)
    return math.prod((t - time) / (times[j] - time) for time in others)


@hookimpl
def mahlstick_samplers() -> Mapping[str, Sampler]:
    """Register this sampler."""
    return {"lms": lms}
