from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.samplers.euler import euler
from engine.samplers.heun import heun, ratio
from engine.schedules import CLEAN, FlowPath, Level, NoisePath, Sampler, levels_from
from engine.schedules.sigmas import karras
from engine.schedules.uniform import model


def test_it_converges_with_order_two(bench: Any, path: NoisePath) -> None:
    assert bench.order(heun, path) == pytest.approx(2.0, abs=0.1)


def test_it_converges_with_order_two_by_the_clock_of_karras(bench: Any) -> None:
    def by_ratio(*contract: Any) -> Any:
        return heun(*contract, clock=ratio)

    path = bench.paths["variance preserving"]
    assert bench.order(by_ratio, path) == pytest.approx(2.0, abs=0.1)


def test_it_keeps_the_quantiles_of_a_mixture(bench: Any, path: NoisePath) -> None:
    levels = levels_from(karras, path, 100)
    x = bench.start(path, bench.mixture)
    picture = bench.picture(heun, bench.mixture.denoise, x, levels)
    before = bench.mixture.quantile(x, levels[0])
    assert torch.allclose(bench.mixture.quantile(picture, CLEAN), before, atol=0.002)


@pytest.mark.parametrize("steps", [3, 6, 20])
def test_it_is_nearer_than_euler_at_few_steps_too(bench: Any, path: NoisePath, steps: int) -> None:
    levels = levels_from(model, path, steps)
    x = bench.start(path, bench.mixture)
    before = bench.mixture.quantile(x, levels[0])

    def error(sampler: Sampler) -> torch.Tensor:
        picture = bench.picture(sampler, bench.mixture.denoise, x, levels)
        return (bench.mixture.quantile(picture, CLEAN) - before).abs().mean()

    assert error(heun) < error(euler)


def test_it_calls_the_model_twice_a_step_and_once_for_the_last(bench: Any, path: NoisePath) -> None:
    calls = []

    def denoise(x: torch.Tensor, level: Level) -> torch.Tensor:
        calls.append(level)
        return bench.gaussian.denoise(x, level)

    bench.picture(heun, denoise, bench.start(path, bench.gaussian), levels_from(model, path, 5))
    assert len(calls) == 9


@pytest.mark.parametrize("steps", [1, 12, 40])
def test_by_the_clock_of_karras_it_equals_diffusers_heun(
    bench: Any, diffusers_levels: Any, steps: int
) -> None:
    from diffusers import HeunDiscreteScheduler

    theirs = HeunDiscreteScheduler(
        beta_schedule="scaled_linear", timestep_spacing="trailing", use_karras_sigmas=True
    )
    theirs.set_timesteps(steps)
    sigmas = torch.cat([theirs.sigmas[:1], theirs.sigmas[1::2]])
    levels = diffusers_levels.from_sigmas(sigmas)
    x = bench.start(bench.paths["variance preserving"], bench.mixture)
    z = x / levels[0].alpha
    asked = [levels[0], *(level for level in levels[1:-1] for _ in range(2))]
    for time, level in zip(theirs.timesteps, asked, strict=True):
        scaled = theirs.scale_model_input(z, time)
        z = theirs.step(diffusers_levels.eps(bench.mixture, scaled, level), time, z).prev_sample
    ours = bench.picture(heun, bench.mixture.denoise, x, levels, clock=ratio)
    assert torch.allclose(ours, z, atol=2e-5)


@pytest.mark.parametrize("steps", [1, 2, 20])
def test_on_a_flow_path_it_equals_diffusers_flow_match_heun(bench: Any, steps: int) -> None:
    from diffusers import FlowMatchHeunDiscreteScheduler

    # As many training steps as steps: its levels end at 1/steps, not, after a leap, at 0.001.
    theirs = FlowMatchHeunDiscreteScheduler(num_train_timesteps=steps)
    theirs.set_timesteps(steps)
    sigmas = [*theirs.sigmas[:1], *theirs.sigmas[1::2]]
    levels = [Level(1.0 - float(s), float(s)) for s in sigmas]
    x = z = bench.start(FlowPath(), bench.mixture)
    asked = [levels[0], *(level for level in levels[1:-1] for _ in range(2))]
    for time, level in zip(theirs.timesteps, asked, strict=True):
        velocity = (z - bench.mixture.denoise(z, level)) / level.sigma
        z = theirs.step(velocity, time, z).prev_sample
    ours = bench.picture(heun, bench.mixture.denoise, x, levels)
    assert torch.allclose(ours, z.to(ours.dtype), atol=2e-5)
