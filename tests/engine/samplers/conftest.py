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


class Drawn:
    """Unit noise from one generator; counts how often it is asked."""

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


class Bench:
    """What the tests of every sampler measure."""

    gaussian = Gaussian(0.3, 0.5)
    mixture = Mixture((0.3, 0.5, 0.2), (-1.2, 0.2, 1.0), (0.3, 0.25, 0.4))
    paths = PATHS
    Drawn = Drawn

    @staticmethod
    def start(path: NoisePath, model: Mixture, count: int = 101) -> Tensor:
        """Return x at the path's start as pictures of the model have it."""
        level = path.level(1.0)
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

        for _ in sampler(denoise, x, levels, Drawn(x.shape), **options):
            pass
        return seen[-1]

    @classmethod
    def order(
        cls, sampler: Callable[..., Iterator[Tensor]], path: NoisePath, coarse: int = 40
    ) -> float:
        """Return the order of convergence: twice the steps divide the error by 2^order.

        The way is from the path's start to its time 0.3, uniform in time, against the exact ODE.
        """
        x, model = cls.start(path, cls.gaussian), cls.gaussian
        errors = []
        for steps in (coarse, 2 * coarse):
            times = [1.0 - 0.7 * i / steps for i in range(steps + 1)]
            levels = [*(path.level(time) for time in times), CLEAN]
            exact = model.flow(x, levels[0], levels[-2])
            errors.append((cls.arrival(sampler, model, x, levels) - exact).abs().max().item())
        return math.log2(errors[0] / errors[1])


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
    forgiven = "ignore:__array__ implementation doesn't accept:DeprecationWarning"
    for item in items:
        if "diffusers" in item.name:
            item.add_marker(pytest.mark.filterwarnings(forgiven))


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
