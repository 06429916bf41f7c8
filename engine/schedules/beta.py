"""Times at the quantiles of a beta distribution: dense at both ends, where pictures change most.

Lee et al. (arXiv:2407.12173) find that structure forms early and detail late, with little in
between.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.hookspecs import hookimpl
from engine.schedules.level import CLEAN, Level, NoisePath, Schedule

SHAPE = 0.6  # both parameters of the distribution, as the paper sets them


def beta(path: NoisePath, steps: int) -> list[Level]:
    """Return levels at times with even shares of the beta distribution between them."""
    return [*(path.level(quantile(1.0 - i / steps)) for i in range(steps)), CLEAN]


def quantile(share: float, shape: float = SHAPE) -> float:
    """Return t in [0, 1] below which a share of the symmetric beta distribution lies."""
    if share in (0.0, 1.0):
        return share
    if share > 0.5:
        return 1.0 - quantile(1.0 - share, shape)
    low, high = 0.0, 0.5
    while high - low > 1e-15 + 1e-12 * low:
        middle = (low + high) / 2.0
        low, high = (middle, high) if _below(middle, shape) < share else (low, middle)
    return (low + high) / 2.0


def _below(t: float, shape: float) -> float:
    """Return the share below t <= 1/2: the power series of the incomplete beta integral."""
    total, term, k = 0.0, 1.0, 0
    while abs(term) > 1e-17:
        total += term / (shape + k)
        k += 1
        term *= t * (k - shape) / k
    whole = math.gamma(shape) ** 2 / math.gamma(2.0 * shape)
    return t**shape * total / whole


@hookimpl
def mahlstick_schedules() -> Mapping[str, Schedule]:
    """Register this schedule."""
    return {"beta": beta}
