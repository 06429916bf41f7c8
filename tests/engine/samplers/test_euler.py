from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.samplers.euler import euler
from engine.schedules import CLEAN, FlowPath, Level, NoisePath, levels_from
from engine.schedules.uniform import model


def test_it_converges_with_order_one(bench: Any, path: NoisePath) -> None:
    assert bench.order(euler, path) == pytest.approx(1.0, abs=0.1)


def test_it_ends_on_the_closed_form_picture(bench: Any, path: NoisePath) -> None:
    levels = levels_from(model, path, 400)
    x = bench.start(path, bench.gaussian)
    picture = bench.picture(euler, bench.gaussian.denoise, x, levels)
    assert torch.allclose(picture, bench.gaussian.flow(x, levels[0]), atol=0.02)


def test_it_keeps_the_quantiles_of_a_mixture(bench: Any, path: NoisePath) -> None:
    levels = levels_from(model, path, 400)
    x = bench.start(path, bench.mixture)
    picture = bench.picture(euler, bench.mixture.denoise, x, levels)
    before = bench.mixture.quantile(x, levels[0])
    assert torch.allclose(bench.mixture.quantile(picture, CLEAN), before, atol=0.02)


def test_it_draws_no_noise(bench: Any, path: NoisePath) -> None:
    x = bench.start(path, bench.gaussian)
    noise = bench.Drawn(x.shape)
    bench.picture(euler, bench.gaussian.denoise, x, levels_from(model, path, 5), noise=noise)
    assert noise.calls == 0


@pytest.mark.parametrize("steps", [1, 2, 20])
def test_it_equals_diffusers_euler(bench: Any, diffusers_levels: Any, steps: int) -> None:
    from diffusers import EulerDiscreteScheduler

    theirs = EulerDiscreteScheduler(beta_schedule="scaled_linear", timestep_spacing="trailing")
    theirs.set_timesteps(steps)
    levels = diffusers_levels.from_sigmas(theirs.sigmas)
    x = bench.start(bench.paths["variance preserving"], bench.mixture)
    z = x / levels[0].alpha
    for time, level in zip(theirs.timesteps, levels, strict=False):
        scaled = theirs.scale_model_input(z, time)
        z = theirs.step(diffusers_levels.eps(bench.mixture, scaled, level), time, z).prev_sample
    ours = bench.picture(euler, bench.mixture.denoise, x, levels)
    assert torch.allclose(ours, z, atol=2e-5)


@pytest.mark.parametrize("steps", [1, 2, 20])
def test_it_equals_diffusers_flow_match_euler(bench: Any, steps: int) -> None:
    from diffusers import FlowMatchEulerDiscreteScheduler

    theirs = FlowMatchEulerDiscreteScheduler(shift=3.0)
    theirs.set_timesteps(sigmas=[1.0 - i / steps for i in range(steps)])
    levels = [Level(1.0 - float(s), float(s)) for s in theirs.sigmas]
    x = z = bench.start(FlowPath(), bench.mixture)
    for time, level in zip(theirs.timesteps, levels, strict=False):
        velocity = (z - bench.mixture.denoise(z, level)) / level.sigma
        z = theirs.step(velocity, time, z).prev_sample
    ours = bench.picture(euler, bench.mixture.denoise, x, levels)
    assert torch.allclose(ours, z.to(ours.dtype), atol=2e-5)
