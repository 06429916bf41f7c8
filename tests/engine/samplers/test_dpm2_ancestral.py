from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.samplers.dpm2_ancestral import dpm2_ancestral
from engine.schedules import NoisePath, levels_from
from engine.schedules.uniform import model


def test_its_variance_converges_with_order_2(bench: Any, path: NoisePath) -> None:
    assert bench.variance_order(dpm2_ancestral, path) == pytest.approx(2.0, abs=0.1)


def test_its_pictures_have_the_distribution_of_the_mixture(bench: Any, path: NoisePath) -> None:
    x = bench.start(path, bench.mixture, count=10_000)
    picture = bench.picture(dpm2_ancestral, bench.mixture.denoise, x, levels_from(model, path, 60))
    # Kolmogorov-Smirnov: of exact samples one set in 100,000 is beyond 0.025.
    assert bench.unlikeness(picture) < 0.03


@pytest.mark.parametrize("steps", [1, 40])
def test_it_equals_diffusers_k_dpm_2_ancestral(
    bench: Any, diffusers_levels: Any, steps: int
) -> None:
    from diffusers import KDPM2AncestralDiscreteScheduler

    theirs = KDPM2AncestralDiscreteScheduler(
        beta_schedule="scaled_linear", timestep_spacing="trailing", use_karras_sigmas=True
    )
    theirs.set_timesteps(steps)
    levels = diffusers_levels.from_sigmas(torch.unique_consecutive(theirs.sigmas))
    x = bench.start(bench.paths["variance preserving"], bench.mixture).float()
    z = x / levels[0].alpha
    generator = torch.Generator().manual_seed(7)
    for time in theirs.timesteps:
        scaled = theirs.scale_model_input(z, time)
        first = theirs.state_in_first_order
        table = theirs.sigmas if first else theirs.sigmas_interpol
        at = theirs.step_index if first else theirs.step_index - 1
        (level,) = diffusers_levels.from_sigmas(table[at : at + 1])
        eps = diffusers_levels.eps(bench.mixture, scaled, level)
        z = theirs.step(eps, time, z, generator=generator).prev_sample
    noise = bench.Drawn(x.shape, seed=7, dtype=torch.float32)
    ours = bench.picture(dpm2_ancestral, bench.mixture.denoise, x, levels, noise=noise)
    assert torch.allclose(ours, z, atol=2e-4)
