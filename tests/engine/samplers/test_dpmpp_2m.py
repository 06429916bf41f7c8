from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.samplers.dpmpp_2m import dpmpp_2m
from engine.schedules import CLEAN, FlowPath, Level, NoisePath, levels_from
from engine.schedules.sigmas import karras


def test_it_converges_with_order_two(bench: Any, path: NoisePath) -> None:
    assert bench.order(dpmpp_2m, path) == pytest.approx(2.0, abs=0.2)


def test_it_keeps_the_quantiles_of_a_mixture(bench: Any, path: NoisePath) -> None:
    levels = levels_from(karras, path, 100)
    x = bench.start(path, bench.mixture)
    picture = bench.picture(dpmpp_2m, bench.mixture.denoise, x, levels)
    before = bench.mixture.quantile(x, levels[0])
    assert torch.allclose(bench.mixture.quantile(picture, CLEAN), before, atol=0.01)


@pytest.mark.parametrize("steps", [1, 2, 5, 20])
@pytest.mark.parametrize("spacing", ["karras", "uniform"])
def test_it_equals_diffusers_dpm_solver_multistep(
    bench: Any, diffusers_levels: Any, steps: int, spacing: str
) -> None:
    from diffusers import DPMSolverMultistepScheduler

    theirs = DPMSolverMultistepScheduler(
        beta_schedule="scaled_linear",
        timestep_spacing="trailing",
        use_karras_sigmas=spacing == "karras",
        prediction_type="sample",
    )
    theirs.set_timesteps(steps)
    levels = diffusers_levels.from_sigmas(theirs.sigmas)
    x = z = bench.start(bench.paths["variance preserving"], bench.mixture)
    for time, level in zip(theirs.timesteps, levels, strict=False):
        z = theirs.step(bench.mixture.denoise(z, level), time, z).prev_sample
    ours = bench.picture(dpmpp_2m, bench.mixture.denoise, x, levels)
    assert torch.allclose(ours, z.to(ours.dtype), atol=1e-4)


@pytest.mark.parametrize("steps", [2, 5, 20])
def test_on_a_flow_path_it_equals_diffusers_dpm_solver_multistep(bench: Any, steps: int) -> None:
    from diffusers import DPMSolverMultistepScheduler

    theirs = DPMSolverMultistepScheduler(
        use_flow_sigmas=True, prediction_type="flow_prediction", flow_shift=3.0
    )
    theirs.set_timesteps(steps)
    levels = [Level(1.0 - float(s), float(s)) for s in theirs.sigmas]
    x = z = bench.start(FlowPath(), bench.mixture)
    for time, level in zip(theirs.timesteps, levels, strict=False):
        velocity = (z - bench.mixture.denoise(z, level)) / level.sigma
        z = theirs.step(velocity, time, z).prev_sample
    ours = bench.picture(dpmpp_2m, bench.mixture.denoise, x, [*levels[:-1], CLEAN])
    assert torch.allclose(ours, z.to(ours.dtype), atol=1e-4)
