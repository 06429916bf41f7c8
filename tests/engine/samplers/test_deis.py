from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.samplers.deis import deis
from engine.schedules import CLEAN, NoisePath, Sampler, levels_from
from engine.schedules.sigmas import karras


@pytest.mark.parametrize("order", [2, 3])
def test_it_converges_with_its_order_once_it_has_a_history(
    bench: Any, path: NoisePath, order: int
) -> None:
    def sampler(*contract: Any) -> Sampler:
        return deis(*contract, order=order)

    assert bench.order(sampler, path, 80, warm=True) == pytest.approx(order, abs=0.15)


def test_from_pure_noise_it_converges_with_order_two_at_least(bench: Any, path: NoisePath) -> None:
    assert bench.order(deis, path, 80) > 1.9


def test_it_keeps_the_quantiles_of_a_mixture(bench: Any, path: NoisePath) -> None:
    levels = levels_from(karras, path, 100)
    x = bench.start(path, bench.mixture)
    picture = bench.picture(deis, bench.mixture.denoise, x, levels)
    before = bench.mixture.quantile(x, levels[0])
    assert torch.allclose(bench.mixture.quantile(picture, CLEAN), before, atol=0.005)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("steps", [20, 40])
def test_it_equals_diffusers_deis(
    bench: Any, diffusers_levels: Any, steps: int, order: int
) -> None:
    from diffusers import DEISMultistepScheduler

    theirs = DEISMultistepScheduler(
        beta_schedule="scaled_linear",
        timestep_spacing="trailing",
        solver_order=order,
        use_karras_sigmas=True,
    )
    theirs.set_timesteps(steps)
    levels = [*diffusers_levels.from_sigmas(theirs.sigmas[:-1]), CLEAN]
    x = z = bench.start(bench.paths["variance preserving"], bench.mixture)
    for time, level in list(zip(theirs.timesteps, levels, strict=False))[:-1]:
        eps = diffusers_levels.eps(bench.mixture, z, level)
        z = theirs.step(eps, time, z).prev_sample
    # Their last step goes to a level above the clean one; their float32 integrals cancel.
    ours = bench.arrival(deis, bench.mixture, x, levels, order=order)
    assert torch.allclose(ours, z.to(ours.dtype), atol=5e-4)
