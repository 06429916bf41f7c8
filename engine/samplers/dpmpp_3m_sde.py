"""SDE-DPM-Solver++ of third order, multistep: Lu et al. (arXiv:2211.01095), section 5.

x0 is continued by the parabola through its last three values over lambda = log(alpha/sigma), and
averaged over the step with the weight the SDE gives it, 2 e^(-2(h - u)). The published codes give
the parabola's bend another weight (half of this, or one that does not vanish with h) and lose an
order by it; the tests hold a parabola against the exact integral. Over steps longer than 1/2 in
lambda a parabola leads astray: those take the straight line of `dpmpp_2m_sde`. Steps from pure
noise are first order.
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


LONGEST = 0.5  # in log(alpha/sigma)


def dpmpp_3m_sde(
    denoise: Denoise, x: Tensor, levels: Sequence[Level], noise: Noise
) -> Iterator[Tensor]:
    """Yield x0 once per step; stochastic, one call of the model a step."""
    known: list[tuple[float, Tensor]] = []  # (lambda, x0), the newest first
    for here, there in pairwise(levels):
        x0 = denoise(x, here)
        yield x0
        if there == CLEAN:
            return
        h, guess = stride(here, there), x0
        if math.isfinite(h):
            known = [(here.log_snr / 2.0, x0), *known[:2]]
            guess = _continued(known, h)
        x = stir(x, guess, here, there, noise.between(here, there))


def _continued(known: Sequence[tuple[float, Tensor]], h: float) -> Tensor:
    """Return the mean of x0 over the step ahead, as the SDE weights it."""
    (here, x0), *older = known
    if not older:
        return x0
    v1 = (older[0][0] - here) / h  # v = u / h runs from 0 to 1 over the step
    slope = (older[0][1] - x0) / v1
    if h > LONGEST:
        return x0 + slope / 2.0
    mean_v = 1.0 / -math.expm1(-2.0 * h) - 1.0 / (2.0 * h)
    if len(older) == 1:
        return x0 + mean_v * slope
    mean_v2 = 1.0 / -math.expm1(-2.0 * h) - mean_v / h
    v2 = (older[1][0] - here) / h
    bend = ((older[1][1] - x0) / v2 - slope) / (v2 - v1)
    return x0 + mean_v * slope + (mean_v2 - v1 * mean_v) * bend


@hookimpl
def mahlstick_samplers() -> Mapping[str, Sampler]:
    """Register this sampler."""
    return {"dpmpp_3m_sde": dpmpp_3m_sde}
