from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.samplers.lcm import lcm
from engine.schedules import NoisePath, levels_from
from engine.schedules.uniform import model


@pytest.mark.parametrize("steps", [1, 2, 4, 8])
def test_a_perfect_consistency_model_paints_the_distribution_in_any_steps(
    bench: Any, path: NoisePath, steps: int
) -> None:
    x = bench.start(path, bench.gaussian, count=4_001)
    noise = bench.Mirrored(x.shape)
    levels = levels_from(model, path, steps)
    picture = bench.picture(lcm, bench.gaussian.flow, torch.cat([x, x]), levels, noise=noise)
    assert picture.mean().item() == pytest.approx(bench.gaussian.mean, abs=1e-6)
    assert picture.std().item() == pytest.approx(bench.gaussian.deviation, abs=0.02)


@pytest.mark.parametrize("steps", [1, 2, 4, 8])
def test_it_equals_diffusers_lcm(bench: Any, diffusers_levels: Any, steps: int) -> None:
    from diffusers import LCMScheduler

    theirs = LCMScheduler(prediction_type="sample")
    theirs.set_timesteps(steps)
    levels = diffusers_levels.from_alphas_cumprod(theirs)
    x = z = bench.start(bench.paths["variance preserving"], bench.mixture)
    generator = torch.Generator().manual_seed(7)
    for time, level in zip(theirs.timesteps, levels, strict=False):
        guess = bench.mixture.denoise(z, level)
        z = theirs.step(guess, time, z, generator=generator).prev_sample
    ours = bench.picture(lcm, bench.mixture.denoise, x, levels)
    # Theirs mixes in x where the model should be the identity: 3e-7 of it at the levels visited.
    assert torch.allclose(ours, z, atol=1e-4)
