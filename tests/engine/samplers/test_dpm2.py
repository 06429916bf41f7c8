from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.samplers.dpm2 import dpm2
from engine.schedules import CLEAN, Level, NoisePath, levels_from
from engine.schedules.sigmas import karras
from engine.schedules.uniform import model


@pytest.mark.parametrize("warm", [False, True])
def test_it_converges_with_order_two(bench: Any, path: NoisePath, warm: Any) -> None:
    # From pure noise the first step is first order, which costs a logarithm.
    assert bench.order(dpm2, path, 160, warm=warm) == pytest.approx(2.0, abs=0.05 if warm else 0.25)


def test_it_keeps_the_quantiles_of_a_mixture(bench: Any, path: NoisePath) -> None:
    levels = levels_from(karras, path, 100)
    x = bench.start(path, bench.mixture)
    picture = bench.picture(dpm2, bench.mixture.denoise, x, levels)
    before = bench.mixture.quantile(x, levels[0])
    assert torch.allclose(bench.mixture.quantile(picture, CLEAN), before, atol=0.005)


def test_it_calls_the_model_twice_a_step_and_once_for_the_ends(bench: Any) -> None:
    calls = []

    def denoise(x: torch.Tensor, level: Level) -> torch.Tensor:
        calls.append(level)
        return bench.gaussian.denoise(x, level)

    path = bench.paths["flow"]
    bench.picture(dpm2, denoise, bench.start(path, bench.gaussian), levels_from(model, path, 5))
    assert len(calls) == 8
    assert all(level.alpha + level.sigma == pytest.approx(1.0) for level in calls)


@pytest.mark.parametrize("steps", [1, 20, 40])
def test_it_equals_diffusers_k_dpm_2(bench: Any, diffusers_levels: Any, steps: int) -> None:
    from diffusers import KDPM2DiscreteScheduler

    theirs = KDPM2DiscreteScheduler(
        beta_schedule="scaled_linear", timestep_spacing="trailing", use_karras_sigmas=True
    )
    theirs.set_timesteps(steps)
    levels = diffusers_levels.from_sigmas(torch.unique_consecutive(theirs.sigmas))
    x = bench.start(bench.paths["variance preserving"], bench.mixture)
    z = x / levels[0].alpha
    for time in theirs.timesteps:
        scaled = theirs.scale_model_input(z, time)
        table = theirs.sigmas if theirs.state_in_first_order else theirs.sigmas_interpol
        (level,) = diffusers_levels.from_sigmas(table[theirs.step_index : theirs.step_index + 1])
        z = theirs.step(diffusers_levels.eps(bench.mixture, scaled, level), time, z).prev_sample
    ours = bench.picture(dpm2, bench.mixture.denoise, x, levels)
    assert torch.allclose(ours, z.to(ours.dtype), atol=5e-5)
