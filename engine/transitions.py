"""Steps between levels that are exact while x0 stays what it is: what samplers are built of.

Both hold no division by alpha, so that pure noise is no special case, and end on x0 at the clean
level.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engine.schedules.level import Level

if TYPE_CHECKING:
    from torch import Tensor


def stride(here: Level, there: Level) -> float:
    """Return h, the step in lambda = log(alpha/sigma); inf from pure noise and to clean."""
    return (there.log_snr - here.log_snr) / 2.0


def drift(x: Tensor, x0: Tensor, here: Level, there: Level) -> Tensor:
    """Return x at another level by the probability-flow ODE.

    (sigma'/sigma) x + alpha' (1 - e^-h) x0.
    """
    keep = there.sigma / here.sigma
    return keep * x + (there.alpha - here.alpha * keep) * x0


def stir(x: Tensor, x0: Tensor, here: Level, there: Level, noise: Tensor) -> Tensor:
    """Return x at another level by the reverse SDE, `noise` being its unit noise.

    (sigma'/sigma) e^-h x + alpha' (1 - e^-2h) x0 + sigma' sqrt(1 - e^-2h) noise.
    """
    decay = (here.alpha * there.sigma) / (there.alpha * here.sigma)
    keep = decay * there.sigma / here.sigma
    fresh = there.sigma * math.sqrt(1.0 - decay * decay)
    return keep * x + (there.alpha - here.alpha * keep) * x0 + fresh * noise


def on_path_of(here: Level, there: Level, ratio: float) -> Level:
    """Return the level of a finite sigma/alpha, scaled as the path of two other levels is.

    A path keeps alpha^2 + sigma^2 (variance preserving), alpha + sigma (flow) or alpha (exploding)
    at 1.
    """
    norms = (math.hypot, lambda a, s: a + s, lambda a, _: a)
    norm = min(
        norms,
        key=lambda norm: sum(abs(norm(at.alpha, at.sigma) - 1.0) for at in (here, there)),
    )
    alpha = 1.0 / norm(1.0, ratio)
    return Level(alpha, alpha * ratio)


def between(here: Level, there: Level) -> Level:
    """Return the level halfway in log-SNR between two, neither of them pure noise or clean."""
    return on_path_of(here, there, math.sqrt(here.ratio * there.ratio))
