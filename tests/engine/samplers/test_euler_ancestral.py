from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.samplers.euler_ancestral import euler_ancestral
from engine.schedules import Level, NoisePath, levels_from
from engine.schedules.uniform import model


def test_its_pictures_have_the_distribution_of_the_mixture(bench: Any, path: NoisePath) -> None:
    x = bench.start(path, bench.mixture, count=10_000)
    levels = levels_from(model, path, 100)
    picture = bench.picture(euler_ancestral, bench.mixture.denoise, x, levels)
    quantiles = bench.mixture.quantile(picture, Level(1.0, 0.0)).flatten().sort().values
    uniform = (torch.arange(10_000, dtype=torch.float64) + 0.5) / 10_000
    # Kolmogorov-Smirnov: of exact samples one set in 100,000 is beyond 0.025.
    assert (quantiles - uniform).abs().max().item() < 0.03


def test_from_pure_noise_the_first_step_forgets_its_start(bench: Any) -> None:
    levels = levels_from(model, bench.paths["zero terminal SNR"], 2)
    truth, seen = torch.full((1, 1, 1, 9), 0.5, dtype=torch.float64), []

    def denoise(x: torch.Tensor, _level: Level) -> torch.Tensor:
        seen.append(x)
        return truth

    for start in (torch.ones_like(truth), -torch.ones_like(truth)):
        bench.picture(euler_ancestral, denoise, start, levels)
    assert torch.equal(seen[1], seen[3])


def test_it_draws_noise_for_every_step_but_the_last(bench: Any, path: NoisePath) -> None:
    x = bench.start(path, bench.gaussian)
    noise = bench.Drawn(x.shape)
    levels = levels_from(model, path, 5)
    bench.picture(euler_ancestral, bench.gaussian.denoise, x, levels, noise=noise)
    assert noise.calls == 4


@pytest.mark.parametrize("steps", [1, 2, 20])
def test_it_equals_diffusers_euler_ancestral(bench: Any, diffusers_levels: Any, steps: int) -> None:
    from diffusers import EulerAncestralDiscreteScheduler

    theirs = EulerAncestralDiscreteScheduler(
        beta_schedule="scaled_linear", timestep_spacing="trailing"
    )
    theirs.set_timesteps(steps)
    levels = diffusers_levels.from_sigmas(theirs.sigmas)
    x = bench.start(bench.paths["variance preserving"], bench.mixture).float()
    z, generator = x / levels[0].alpha, torch.Generator().manual_seed(7)
    for time, level in zip(theirs.timesteps, levels, strict=False):
        eps = diffusers_levels.eps(bench.mixture, theirs.scale_model_input(z, time), level)
        z = theirs.step(eps, time, z, generator=generator).prev_sample
    noise = bench.Drawn(x.shape, seed=7, dtype=torch.float32)
    ours = bench.picture(euler_ancestral, bench.mixture.denoise, x, levels, noise=noise)
    assert torch.allclose(ours, z, atol=1e-4)
