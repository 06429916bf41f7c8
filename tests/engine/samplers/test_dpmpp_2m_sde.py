from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.samplers.dpmpp_2m_sde import dpmpp_2m_sde
from engine.schedules import NoisePath, levels_from
from engine.schedules.uniform import model


def test_its_variance_converges_with_order_2(bench: Any, path: NoisePath) -> None:
    assert bench.variance_order(dpmpp_2m_sde, path) == pytest.approx(2.0, abs=0.1)


def test_its_pictures_have_the_distribution_of_the_mixture(bench: Any, path: NoisePath) -> None:
    x = bench.start(path, bench.mixture, count=10_000)
    picture = bench.picture(dpmpp_2m_sde, bench.mixture.denoise, x, levels_from(model, path, 60))
    # Kolmogorov-Smirnov: of exact samples one set in 100,000 is beyond 0.025.
    assert bench.unlikeness(picture) < 0.03


@pytest.mark.parametrize("steps", [1, 2, 20])
def test_it_equals_diffusers_sde_dpm_solver_multistep(
    bench: Any, diffusers_levels: Any, steps: int
) -> None:
    from diffusers import DPMSolverMultistepScheduler

    theirs = DPMSolverMultistepScheduler(
        beta_schedule="scaled_linear",
        timestep_spacing="trailing",
        prediction_type="sample",
        algorithm_type="sde-dpmsolver++",
    )
    theirs.set_timesteps(steps)
    levels = diffusers_levels.from_sigmas(theirs.sigmas)
    x = z = bench.start(bench.paths["variance preserving"], bench.mixture)
    noise = bench.Drawn(x.shape)
    for time, level in zip(theirs.timesteps, levels, strict=False):
        guess = bench.mixture.denoise(z, level)
        z = theirs.step(guess, time, z, variance_noise=noise()).prev_sample
    ours = bench.picture(dpmpp_2m_sde, bench.mixture.denoise, x, levels)
    assert torch.allclose(ours, z.to(ours.dtype), atol=2e-4)
