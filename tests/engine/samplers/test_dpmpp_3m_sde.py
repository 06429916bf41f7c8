from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch

from engine.samplers.dpmpp_2m_sde import dpmpp_2m_sde
from engine.samplers.dpmpp_3m_sde import dpmpp_3m_sde
from engine.schedules import CLEAN, Level, NoisePath, levels_from
from engine.schedules.uniform import model


def test_its_variance_is_nearer_than_that_of_two_values(bench: Any, path: NoisePath) -> None:
    two, three = (
        abs(bench.variance_error(sampler, path, 80)) for sampler in (dpmpp_2m_sde, dpmpp_3m_sde)
    )
    assert three < two / 4


def test_its_variance_converges_at_least_with_order_two(bench: Any, path: NoisePath) -> None:
    errors = [abs(bench.variance_error(dpmpp_3m_sde, path, steps)) for steps in (40, 320)]
    assert errors[1] < errors[0] / 30


def test_its_pictures_have_the_distribution_of_the_mixture(bench: Any, path: NoisePath) -> None:
    x = bench.start(path, bench.mixture, count=10_000)
    picture = bench.picture(dpmpp_3m_sde, bench.mixture.denoise, x, levels_from(model, path, 60))
    assert bench.unlikeness(picture) < 0.03


def test_a_parabola_is_integrated_exactly(bench: Any, path: NoisePath) -> None:
    """x0 = 1 - 2 lambda + 3 lambda^2, no noise: from the third call on no step has an error."""
    levels = [*(path.level(0.6 - 0.04 * i) for i in range(7)), CLEAN]
    x = torch.full((1, 1, 1, 1), 0.7, dtype=torch.float64)
    seen = []

    def parabola(lam: Any) -> Any:
        return 1.0 - 2.0 * lam + 3.0 * lam**2

    def denoise(x: torch.Tensor, level: Level) -> torch.Tensor:
        seen.append((level, x.item()))
        return torch.full_like(x, parabola(level.log_snr / 2))

    noise = bench.Given(lambda: torch.zeros_like(x))
    bench.picture(dpmpp_3m_sde, denoise, x, levels, noise=noise)
    for (here, before), (there, after) in list(pairwise(seen))[2:]:
        lam, h = here.log_snr / 2, (there.log_snr - here.log_snr) / 2
        u = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000 * h
        drive = (2.0 * torch.exp(-2.0 * (h - u)) * parabola(lam + u)).mean().item() * h
        keep = there.sigma / here.sigma * there.ratio / here.ratio
        assert after == pytest.approx(keep * before + there.alpha * drive, abs=1e-9)
