from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.samplers.dpmpp_2s_ancestral import dpmpp_2s_ancestral
from engine.schedules import CLEAN, Level, NoisePath, levels_from
from engine.schedules.uniform import model


def test_its_variance_converges_with_order_2(bench: Any, path: NoisePath) -> None:
    assert bench.variance_order(dpmpp_2s_ancestral, path) == pytest.approx(2.0, abs=0.1)


def test_its_pictures_have_the_distribution_of_the_mixture(bench: Any, path: NoisePath) -> None:
    x = bench.start(path, bench.mixture, count=10_000)
    picture = bench.picture(
        dpmpp_2s_ancestral, bench.mixture.denoise, x, levels_from(model, path, 60)
    )
    # Kolmogorov-Smirnov: of exact samples one set in 100,000 is beyond 0.025.
    assert bench.unlikeness(picture) < 0.03


def test_without_noise_in_a_step_it_is_the_papers_single_step(bench: Any) -> None:
    """Algorithm 1 with r = 1/2, aimed at s'^2 / s: written out in its own symbols."""
    path = bench.paths["variance preserving"]
    levels = [path.level(0.5), path.level(0.4), CLEAN]
    x = bench.start(path, bench.mixture, level=levels[0])
    s, s_next = levels[0].ratio, levels[1].ratio
    middle = levels[1]  # the geometric mean of s and s_next^2 / s
    z = x / levels[0].alpha
    h = 2 * torch.tensor(s / s_next, dtype=x.dtype).log()
    first = bench.mixture.denoise(x, levels[0])
    u = torch.exp(-h / 2) * z - torch.expm1(-h / 2) * first
    second = bench.mixture.denoise(u * middle.alpha, middle)
    expected = levels[1].alpha * (torch.exp(-h) * z - torch.expm1(-h) * second)
    seen = []

    def denoise(x: torch.Tensor, level: Level) -> torch.Tensor:
        seen.append(x)
        return bench.mixture.denoise(x, level)

    bench.picture(dpmpp_2s_ancestral, denoise, x, levels, noise=lambda: torch.zeros_like(x))
    assert torch.allclose(seen[-1], expected, atol=1e-12)
