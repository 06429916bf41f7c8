from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.samplers.ddim import ddim
from engine.samplers.lcm import lcm
from engine.samplers.tcd import tcd
from engine.schedules import CLEAN, Level, NoisePath, levels_from
from engine.schedules.uniform import model


@pytest.mark.parametrize(("gamma", "other"), [(0.0, ddim), (1.0, lcm)])
def test_its_ends_are_ddim_and_lcm(bench: Any, path: NoisePath, gamma: Any, other: Any) -> None:
    x, levels = bench.start(path, bench.mixture), levels_from(model, path, 5)
    ours = bench.picture(tcd, bench.mixture.denoise, x, levels, gamma=gamma)
    assert torch.allclose(ours, bench.picture(other, bench.mixture.denoise, x, levels), atol=1e-12)


@pytest.mark.parametrize("gamma", [0.0, 0.5])
@pytest.mark.parametrize("steps", [2, 4, 5])
def test_it_equals_diffusers_tcd(bench: Any, diffusers_levels: Any, steps: int, gamma: Any) -> None:
    from diffusers import TCDScheduler

    # A table whose angle is straight in time, as the way down to the lower level takes it to be.
    angles = torch.linspace(0.0, 1.3, 1000, dtype=torch.float64)
    bars = torch.cos(angles).square()
    betas = 1.0 - bars / torch.cat([bars[:1], bars[:-1]])
    theirs = TCDScheduler(trained_betas=betas.tolist(), prediction_type="sample", clip_sample=False)
    theirs.set_timesteps(timesteps=[998, *(1000 - 1000 * i // steps for i in range(1, steps))])
    levels = diffusers_levels.from_alphas_cumprod(theirs)
    x = z = bench.start(bench.paths["cosine"], bench.mixture, level=levels[0])
    generator = torch.Generator().manual_seed(7)
    for time, level in zip(theirs.timesteps[:-1], levels, strict=False):
        guess = bench.mixture.denoise(z, level)
        z = theirs.step(guess, time, z, eta=gamma, generator=generator).prev_sample
    ours = bench.arrival(tcd, bench.mixture, x, levels, gamma=gamma)
    assert torch.allclose(ours, z.to(ours.dtype), atol=1e-3)


def test_on_a_flow_it_goes_the_part_one_minus_gamma_of_time(bench: Any) -> None:
    """At gamma 1/2 the next level 0.5 is reached from 0.25: worked out by hand."""
    levels = [Level(0.2, 0.8), Level(0.5, 0.5), CLEAN]
    x, truth = torch.full((1, 1, 1, 1), 1.0, dtype=torch.float64), 0.5
    eps = (1.0 - 0.2 * truth) / 0.8
    below = 0.75 * truth + 0.25 * eps
    raised = 0.5 / 0.75 * below  # and noise of variance 0.5^2 - (0.5 / 0.75 * 0.25)^2
    fresh = (0.25 - (0.5 / 0.75 * 0.25) ** 2) ** 0.5
    seen = []

    def denoise(x: torch.Tensor, _level: Level) -> torch.Tensor:
        seen.append(x.item())
        return torch.full_like(x, truth)

    bench.picture(tcd, denoise, x, levels, gamma=0.5, noise=lambda: torch.ones_like(x))
    assert seen[1] == pytest.approx(raised + fresh)
