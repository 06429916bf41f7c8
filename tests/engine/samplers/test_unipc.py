from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.samplers.unipc import unipc
from engine.schedules import CLEAN, NoisePath, levels_from
from engine.schedules.sigmas import karras


def test_with_its_corrector_it_converges_with_order_three(bench: Any, path: NoisePath) -> None:
    assert bench.order(unipc, path, 160, warm=True) == pytest.approx(3.0, abs=0.2)


def test_it_keeps_the_quantiles_of_a_mixture(bench: Any, path: NoisePath) -> None:
    levels = levels_from(karras, path, 100)
    x = bench.start(path, bench.mixture)
    picture = bench.picture(unipc, bench.mixture.denoise, x, levels)
    before = bench.mixture.quantile(x, levels[0])
    assert torch.allclose(bench.mixture.quantile(picture, CLEAN), before, atol=0.005)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("steps", [1, 2, 5, 20])
def test_it_equals_diffusers_unipc(
    bench: Any, diffusers_levels: Any, steps: int, order: int
) -> None:
    from diffusers import UniPCMultistepScheduler

    theirs = UniPCMultistepScheduler(
        beta_schedule="scaled_linear",
        timestep_spacing="trailing",
        prediction_type="sample",
        solver_order=order,
    )
    theirs.set_timesteps(steps)
    levels = diffusers_levels.from_sigmas(theirs.sigmas)
    x = z = bench.start(bench.paths["variance preserving"], bench.mixture)
    for time, level in zip(theirs.timesteps, levels, strict=False):
        z = theirs.step(bench.mixture.denoise(z, level), time, z).prev_sample
    ours = bench.picture(unipc, bench.mixture.denoise, x, levels, order=order)
    assert torch.allclose(ours, z.to(ours.dtype), atol=2e-4)
