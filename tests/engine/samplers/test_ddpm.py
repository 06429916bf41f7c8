from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.samplers.ddpm import ddpm
from engine.samplers.euler_ancestral import euler_ancestral
from engine.schedules import NoisePath, levels_from
from engine.schedules.uniform import model


def test_its_variance_converges_with_order_1(bench: Any, path: NoisePath) -> None:
    assert bench.variance_order(ddpm, path) == pytest.approx(1.0, abs=0.1)


def test_its_pictures_have_the_distribution_of_the_mixture(bench: Any, path: NoisePath) -> None:
    x = bench.start(path, bench.mixture, count=10_000)
    picture = bench.picture(ddpm, bench.mixture.denoise, x, levels_from(model, path, 100))
    # Kolmogorov-Smirnov: of exact samples one set in 100,000 is beyond 0.025.
    assert bench.unlikeness(picture) < 0.03


def test_it_is_euler_ancestral_in_other_words(bench: Any, path: NoisePath) -> None:
    x, levels = bench.start(path, bench.mixture), levels_from(model, path, 12)
    one, other = (
        bench.picture(sampler, bench.mixture.denoise, x, levels)
        for sampler in (ddpm, euler_ancestral)
    )
    assert torch.allclose(one, other, atol=1e-12)


@pytest.mark.parametrize("steps", [1, 2, 20])
def test_it_equals_diffusers_ddpm(bench: Any, diffusers_levels: Any, steps: int) -> None:
    from diffusers import DDPMScheduler

    theirs = DDPMScheduler(
        beta_schedule="scaled_linear",
        timestep_spacing="trailing",
        clip_sample=False,
        prediction_type="sample",
    )
    theirs.set_timesteps(steps)
    levels = diffusers_levels.from_alphas_cumprod(theirs)
    x = z = bench.start(bench.paths["variance preserving"], bench.mixture)
    generator = torch.Generator().manual_seed(7)
    for time, level in zip(theirs.timesteps, levels, strict=False):
        z = theirs.step(
            bench.mixture.denoise(z, level), int(time), z, generator=generator
        ).prev_sample
    ours = bench.picture(ddpm, bench.mixture.denoise, x, levels)
    assert torch.allclose(ours, z, atol=1e-4)
