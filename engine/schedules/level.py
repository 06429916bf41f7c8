"""Levels of noise, and the contracts of everything that walks along them.

x = alpha * x0 + sigma * eps. A variance-preserving path keeps alpha^2 + sigma^2 = 1; a flow path
keeps alpha + sigma = 1; a zero-terminal-SNR path starts at alpha = 0, where a bare sigma/alpha
would be infinite.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Level:
    """One level of noise: x = alpha * x0 + sigma * eps."""

    alpha: float
    sigma: float

    @property
    def log_snr(self) -> float:
        """log(alpha^2 / sigma^2); -inf for pure noise, +inf for a clean picture."""
        if self.alpha == 0.0:
            return -math.inf
        if self.sigma == 0.0:
            return math.inf
        return 2.0 * (math.log(self.alpha) - math.log(self.sigma))

    @property
    def ratio(self) -> float:
        """Noise over picture, sigma / alpha; inf for pure noise."""
        return math.inf if self.alpha == 0.0 else self.sigma / self.alpha


CLEAN = Level(1.0, 0.0)


class Denoise(Protocol):
    """Every model family is adapted to this: the clean picture as guessed from a noisy one."""

    def __call__(self, x: Tensor, level: Level) -> Tensor:
        """Return x0, of x's shape (candidates, channels, height, width)."""
        ...


class Noise(Protocol):
    """Fresh Gaussian noise, every candidate from a generator of its own."""

    def __call__(self) -> Tensor:
        """Return unit noise of the working tensor's shape, device and dtype."""
        ...

    def between(self, here: Level, there: Level) -> Tensor:
        """Return the unit noise of a step of the reverse SDE, `there` being the cleaner level.

        It is the increment of one Brownian motion in the clock (alpha/sigma)^2: the same however
        the way is cut into steps.
        """
        ...


class Sampler(Protocol):
    """One algorithm: from noise to a picture, yielding its x0 at every step."""

    def __call__(
        self, denoise: Denoise, x: Tensor, levels: Sequence[Level], noise: Noise
    ) -> Iterator[Tensor]:
        """Yield x0 once per step; len(levels) - 1 times."""
        ...


class NoisePath(Protocol):
    """The forward process a model was trained on, over time 0 (clean) to 1 (noisiest)."""

    def level(self, time: float) -> Level:
        """Return the level at a time."""
        ...

    def time(self, level: Level) -> float:
        """Return the time at which the path has the level's sigma/alpha: the inverse of `level`."""
        ...


class Schedule(Protocol):
    """Which levels of a path a sampler visits."""

    def __call__(self, path: NoisePath, steps: int) -> list[Level]:
        """Return steps + 1 levels of the path, noisiest first: `path.level(1.0)`, ..., `CLEAN`."""
        ...
