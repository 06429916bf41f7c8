from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.samplers.dpmpp_sde import dpmpp_sde
from engine.schedules import CLEAN, Level, NoisePath, levels_from
from engine.schedules.uniform import model


def test_its_variance_converges_with_order_2(bench: Any, path: NoisePath) -> None:
    assert bench.variance_order(dpmpp_sde, path) == pytest.approx(2.0, abs=0.1)


def test_its_pictures_have_the_distribution_of_the_mixture(bench: Any, path: NoisePath) -> None:
    x = bench.start(path, bench.mixture, count=10_000)
    picture = bench.picture(dpmpp_sde, bench.mixture.denoise, x, levels_from(model, path, 60))
    # Kolmogorov-Smirnov: of exact samples one set in 100,000 is beyond 0.025.
    assert bench.unlikeness(picture) < 0.03


def test_the_noise_of_a_step_is_the_sum_of_its_halves(bench: Any, path: NoisePath) -> None:
    """With x0 fixed, looking ahead and going on must see one and the same Brownian path."""
    levels = [path.level(0.6), path.level(0.4), CLEAN]
    x = torch.zeros(3, 1, 1, 1, dtype=torch.float64)
    x[0] = levels[0].sigma
    seen = []

    def denoise(x: torch.Tensor, level: Level) -> torch.Tensor:
        seen.append((level, x))
        return torch.zeros_like(x)

    bench.picture(dpmpp_sde, denoise, x, levels, noise=bench.Impulses(x))
    (_, _), (middle, ahead), (end, arrived) = seen
    assert ahead.square().sum().item() == pytest.approx(middle.sigma**2)
    assert arrived.square().sum().item() == pytest.approx(end.sigma**2)
    # The reverse SDE's covariance between two levels is (sigma'/sigma) e^-h of the noisier one's.
    decay = end.ratio / middle.ratio * end.sigma / middle.sigma
    assert (ahead * arrived).sum().item() == pytest.approx(decay * middle.sigma**2)
