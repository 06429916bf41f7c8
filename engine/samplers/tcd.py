"""Strategic stochastic sampling: Zheng et al. (arXiv:2402.19159), algorithm 4.

For trajectory consistency models. Each step goes by DDIM to a level below the next, the part 1 -
gamma of the way up from clean, and is noised from there to the next: gamma 0 is DDIM, 1 is `lcm`.
The way up is the path's own where that is straight: the angle atan2(sigma, alpha) of
variance-preserving paths, sigma of flows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.hookspecs import hookimpl
from engine.schedules import CLEAN, Denoise, Level, Noise, Sampler
from engine.transitions import drift, on_path_of

if TYPE_CHECKING:
    from torch import Tensor


def tcd(
    denoise: Denoise, x: Tensor, levels: Sequence[Level], noise: Noise, *, gamma: float = 0.3
) -> Iterator[Tensor]:
    """Yield x0 once per step; stochastic, one call of the model a step; gamma in [0, 1]."""
    for here, there in pairwise(levels):
        x0 = denoise(x, here)
        yield x0
        if there == CLEAN:
            return
        below = _below(here, there, gamma)
        a = there.alpha / below.alpha
        x = a * drift(x, x0, here, below)
        if gamma > 0.0:
            x = x + math.sqrt(there.sigma**2 - (a * below.sigma) ** 2) * noise()


def _below(here: Level, there: Level, gamma: float) -> Level:
    """Return the level to which a step goes before it is noised."""
    flow = there.sigma / (there.alpha + there.sigma) * (1.0 - gamma)
    angle = math.atan2(there.sigma, there.alpha) * (1.0 - gamma)
    straight = on_path_of(here, there, flow / (1.0 - flow))
    if math.isclose(straight.alpha + straight.sigma, 1.0, abs_tol=1e-9):
        return straight
    return on_path_of(here, there, math.tan(angle))


@hookimpl
def mahlstick_samplers() -> Mapping[str, Sampler]:
    """Register this sampler."""
    return {"tcd": tcd}
