from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.samplers.plms import plms
from engine.schedules import CLEAN, Level, NoisePath, levels_from
from engine.schedules.sigmas import karras


def test_it_converges_with_order_two_once_it_has_a_history(bench: Any, path: NoisePath) -> None:
    assert bench.order(plms, path, 160, warm=True) == pytest.approx(2.0, abs=0.1)


def test_from_pure_noise_a_first_step_of_first_order_costs_little(
    bench: Any, path: NoisePath
) -> None:
    assert bench.order(plms, path, 640) > 1.7


def test_it_keeps_the_quantiles_of_a_mixture(bench: Any, path: NoisePath) -> None:
    levels = levels_from(karras, path, 100)
    x = bench.start(path, bench.mixture)
    picture = bench.picture(plms, bench.mixture.denoise, x, levels)
    before = bench.mixture.quantile(x, levels[0])
    assert torch.allclose(bench.mixture.quantile(picture, CLEAN), before, atol=0.01)


@pytest.mark.parametrize("steps", [20, 50])
def test_it_equals_diffusers_pndm(bench: Any, diffusers_levels: Any, steps: int) -> None:
    from diffusers import PNDMScheduler

    theirs = PNDMScheduler(
        beta_schedule="scaled_linear", timestep_spacing="trailing", skip_prk_steps=True
    )
    theirs.set_timesteps(steps)
    bars = [float(theirs.alphas_cumprod[t]) for t in theirs.timesteps.unique().flip(0)]
    levels = [*(Level(bar**0.5, (1.0 - bar) ** 0.5) for bar in bars), CLEAN]
    asked = [levels[0], levels[1], *levels[1:-1]]
    x = z = bench.start(bench.paths["variance preserving"], bench.mixture)
    for time, level in list(zip(theirs.timesteps, asked, strict=True))[:-1]:
        eps = diffusers_levels.eps(bench.mixture, z, level)
        z = theirs.step(eps, int(time), z).prev_sample
    # Not the last step: theirs extrapolates past the model's own guess there.
    ours = bench.arrival(plms, bench.mixture, x, levels)
    assert torch.allclose(ours, z, atol=1e-4)
