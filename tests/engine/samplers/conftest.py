"""Denoisers whose answers are known in closed form, and what they must come out as."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.schedules import CLEAN, CosinePath, FlowPath, Level, NoisePath, TablePath

PATHS: dict[str, NoisePath] = {
    "variance preserving": TablePath.named("scaled_linear"),
    "zero terminal SNR": TablePath.named("scaled_linear", zero_terminal_snr=True),
    "cosine": CosinePath(),
    "flow": FlowPath(),
    "shifted flow": FlowPath(shift=3.0),
}


@dataclass(frozen=True)
class Mixture:
    """Pictures of independent pixels, each drawn from a mixture of Gaussians."""

    weights: tuple[float, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]

    def denoise(self, x: Tensor, level: Level) -> Tensor:
        """Return E[x0 | x], exactly."""
        scores, guesses = [], []
        for weight, mean, deviation in zip(self.weights, self.means, self.deviations, strict=True):
            variance = (level.alpha * deviation) ** 2 + level.sigma**2
            away = x - level.alpha * mean
            scores.append(math.log(weight) - 0.5 * math.log(variance) - away**2 / (2 * variance))
            guesses.append(mean + level.alpha * deviation**2 / variance * away)
        share = torch.softmax(torch.stack(scores), dim=0)
        return (share * torch.stack(guesses)).sum(dim=0)

    def quantile(self, x: Tensor, level: Level) -> Tensor:
        """Return P(X < x) at a level: the probability-flow ODE keeps it all the way."""
        total = torch.zeros_like(x)
        for weight, mean, deviation in zip(self.weights, self.means, self.deviations, strict=True):
            spread = math.hypot(level.alpha * deviation, level.sigma)
            total = total + weight * torch.special.ndtr((x - level.alpha * mean) / spread)
        return total

    @property
    def mean(self) -> float:
        return sum(w * m for w, m in zip(self.weights, self.means, strict=True))

    @property
    def deviation(self) -> float:
        parts = zip(self.weights, self.means, self.deviations, strict=True)
        return math.sqrt(sum(w * (m * m + d * d) for w, m, d in parts) - self.mean**2)


class Gaussian(Mixture):
    """One Gaussian: here the ODE's end is known as a number."""

    def __init__(self, mean: float, deviation: float) -> None:
        super().__init__((1.0,), (mean,), (deviation,))

    def flow(self, x: Tensor, here: Level, there: Level = CLEAN) -> Tensor:
        """Return where the probability-flow ODE carries x, from one level to another."""
        d = self.deviation
        scale = math.hypot(there.alpha * d, there.sigma) / math.hypot(here.alpha * d, here.sigma)
        return there.alpha * self.mean + scale * (x - here.alpha * self.mean)


class Impulses:
    """The k-th call is a unit of noise for candidate k, and none for the others."""

    def between(self, here: Level, there: Level) -> Tensor:
        assert here.ratio > there.ratio
        return self()

    def __init__(self, x: Tensor) -> None:
        self._calls = 0
        self._zeros = torch.zeros_like(x)

    def __call__(self) -> Tensor:
        self._calls += 1
        noise = self._zeros.clone()
        noise[self._calls] = 1.0
        return noise


class Given:
    """Noise from a function, whatever the step."""

    def __init__(self, draw: Callable[[], Tensor]) -> None:
        self._draw = draw

    def __call__(self) -> Tensor:
        return self._draw()

    def between(self, here: Level, there: Level) -> Tensor:
        assert here.ratio > there.ratio
        return self._draw()


class Drawn:
    """Unit noise from one generator; counts how often it is asked."""

    def between(self, here: Level, there: Level) -> Tensor:
        assert here.ratio > there.ratio
        return self()

    def __init__(
        self, shape: Sequence[int], seed: int = 7, dtype: torch.dtype = torch.float64
    ) -> None:
        self.calls = 0
        self._shape, self._dtype = shape, dtype
        self._generator = torch.Generator().manual_seed(seed)

    def __call__(self) -> Tensor:
        self.calls += 1
        return torch.randn(self._shape, generator=self._generator, dtype=self._dtype)


def unit_normal(count: int) -> Tensor:
    """Return the quantiles of the unit normal, fp64, shaped like one candidate."""
    middle = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    return torch.special.ndtri(middle).reshape(1, 1, 1, count)


class Mirrored(Drawn):
    """Two candidates, the second with the first one's noise negated: their means are exact."""

    def __call__(self) -> Tensor:
        noise = super().__call__()
        return torch.cat([noise, -noise])


class Bench:
    """What the tests of every sampler measure."""

    gaussian = Gaussian(0.3, 0.5)
    mixture = Mixture((0.3, 0.5, 0.2), (-1.2, 0.2, 1.0), (0.3, 0.25, 0.4))
    paths = PATHS
    Drawn = Drawn
    Given = Given
    Impulses = Impulses
    Mirrored = Mirrored

    @staticmethod
    def start(
        path: NoisePath, model: Mixture, count: int = 101, level: Level | None = None
    ) -> Tensor:
        """Return x at the path's start, or another level, as pictures of the model have it."""
        level = level or path.level(1.0)
        return level.alpha * model.mean + math.hypot(
            level.alpha * model.deviation, level.sigma
        ) * unit_normal(count)

    @staticmethod
    def picture(
        sampler: Callable[..., Iterator[Tensor]],
        denoise: Callable[[Tensor, Level], Tensor],
        x: Tensor,
        levels: Sequence[Level],
        **options: Any,
    ) -> Tensor:
        """Return the last x0 a sampler yields."""
        noise = options.pop("noise", Drawn(x.shape))
        *_, last = sampler(denoise, x, levels, noise, **options)
        return last

    @staticmethod
    def arrival(
        sampler: Callable[..., Iterator[Tensor]],
        model: Mixture,
        x: Tensor,
        levels: Sequence[Level],
        **options: Any,
    ) -> Tensor:
        """Return the x a sampler brings to the last level before the clean picture."""
        seen: list[Tensor] = []

        def denoise(x: Tensor, level: Level) -> Tensor:
            if level == levels[-2]:
                seen.append(x)
            return model.denoise(x, level)

        noise = options.pop("noise", Drawn(x.shape))
        for _ in sampler(denoise, x, levels, noise, **options):
            pass
        return seen[-1]

    @classmethod
    def order(
        cls,
        sampler: Callable[..., Iterator[Tensor]],
        path: NoisePath,
        coarse: int = 40,
        *,
        warm: bool = False,
    ) -> float:
        """Return the order of convergence: twice the steps divide the error by 2^order.

        The way is from the path's start to its time 0.3, uniform in time, against the exact ODE.
        Multistep methods have nothing to look back on at first: `warm` starts at time 0.9 with
        steps that double from a tiny one, so that the order of the method itself is seen.
        """
        model, errors = cls.gaussian, []
        first = 0.9 if warm else 1.0
        for steps in (coarse, 2 * coarse):
            h = (first - 0.3) / steps
            doublings = math.ceil(-2.0 * math.log2(h)) if warm else 0
            times = [first + h * (1.0 - 2.0 ** (i - doublings)) for i in range(doublings)]
            times += [first - h * i for i in range(steps + 1)]
            levels = [*(path.level(time) for time in times), CLEAN]
            x = cls.start(path, model, level=levels[0])
            exact = model.flow(x, levels[0], levels[-2])
            errors.append((cls.arrival(sampler, model, x, levels) - exact).abs().max().item())
        return math.log2(errors[0] / errors[1])

    @classmethod
    def unlikeness(cls, picture: Tensor) -> float:
        """Return the Kolmogorov-Smirnov distance of a picture's pixels from the mixture."""
        return cls._away(picture).max().item()

    @classmethod
    def distance(cls, picture: Tensor) -> float:
        """Return by how much a picture's pixels are off the mixture's quantiles in the mean."""
        return cls._away(picture).mean().item()

    @classmethod
    def _away(cls, picture: Tensor) -> Tensor:
        found = cls.mixture.quantile(picture, CLEAN).flatten().sort().values
        expected = (torch.arange(found.numel(), dtype=found.dtype) + 0.5) / found.numel()
        return (found - expected).abs()

    @classmethod
    def variance_error(
        cls, sampler: Callable[..., Iterator[Tensor]], path: NoisePath, steps: int
    ) -> float:
        """Return by how much the variance is wrong where a stochastic sampler reaches time 0.3.

        Of a Gaussian everything is linear, so nothing is left to chance: candidate 0 has the
        start's deviation and no noise, candidate k only the k-th noise, as a unit; the variance is
        the sum of what they come out as, squared.
        """
        model = Gaussian(0.0, 0.5)
        levels = [*(path.level(1.0 - 0.7 * i / steps) for i in range(steps + 1)), CLEAN]
        x = torch.zeros(2 * steps + 3, 1, 1, 1, dtype=torch.float64)
        x[0] = math.hypot(levels[0].alpha * model.deviation, levels[0].sigma)
        arrival = cls.arrival(sampler, model, x, levels, noise=Impulses(x))
        exact = (levels[-2].alpha * model.deviation) ** 2 + levels[-2].sigma ** 2
        return arrival.square().sum().item() - exact

    @classmethod
    def variance_order(
        cls, sampler: Callable[..., Iterator[Tensor]], path: NoisePath, coarse: int = 80
    ) -> float:
        """Return the order with which a stochastic sampler's variance converges."""
        errors = [cls.variance_error(sampler, path, steps) for steps in (coarse, 2 * coarse)]
        return math.log2(abs(errors[0] / errors[1]))


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    """Tensors are tiny here: a second thread only waits for the first."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def bench() -> type[Bench]:
    return Bench


@pytest.fixture(params=PATHS.values(), ids=PATHS.keys())
def path(request: pytest.FixtureRequest) -> NoisePath:
    return request.param


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Forgive diffusers a warning of its own: its tensors meet numpy 2 in an older way."""
    forgiven = (
        "ignore:__array__ imp:DeprecationWarning",
        "ignore:__array_wrap__:DeprecationWarning",
    )
    for item in items:
        if "diffusers" in item.name:
            for warning in forgiven:
                item.add_marker(pytest.mark.filterwarnings(warning))


class DiffusersLevels:
    """Between our levels and what diffusers' schedulers and their models speak."""

    @staticmethod
    def from_sigmas(sigmas: Tensor) -> list[Level]:
        """Return the variance-preserving levels of sigma/alpha values that end in 0."""
        alphas = [1.0 / math.sqrt(1.0 + float(sigma) ** 2) for sigma in sigmas]
        return [Level(a, a * float(s)) for a, s in zip(alphas, sigmas, strict=True)]

    @staticmethod
    def from_alphas_cumprod(scheduler: Any) -> list[Level]:
        """Return the levels of a scheduler that walks integer training steps, and the clean one."""
        bars = [float(scheduler.alphas_cumprod[int(time)]) for time in scheduler.timesteps]
        return [*(Level(math.sqrt(bar), math.sqrt(1.0 - bar)) for bar in bars), CLEAN]

    @staticmethod
    def eps(model: Mixture, x: Tensor, level: Level) -> Tensor:
        """Return the noise a network that predicts noise would see."""
        return (x - level.alpha * model.denoise(x, level)) / level.sigma


@pytest.fixture
def diffusers_levels() -> type[DiffusersLevels]:
    return DiffusersLevels
