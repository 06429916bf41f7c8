from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.samplers.ddim import ddim
from engine.schedules import CLEAN, NoisePath, levels_from
from engine.schedules.uniform import model


def test_it_converges_with_order_one_when_it_draws_no_noise(bench: Any, path: NoisePath) -> None:
    assert bench.order(ddim, path) == pytest.approx(1.0, abs=0.1)


def test_it_keeps_the_quantiles_of_a_mixture(bench: Any, path: NoisePath) -> None:
    levels = levels_from(model, path, 400)
    x = bench.start(path, bench.mixture)
    picture = bench.picture(ddim, bench.mixture.denoise, x, levels)
    before = bench.mixture.quantile(x, levels[0])
    assert torch.allclose(bench.mixture.quantile(picture, CLEAN), before, atol=0.02)


@pytest.mark.parametrize("eta", [0.5, 1.0])
def test_with_noise_its_variance_converges_with_order_one(
    bench: Any, path: NoisePath, eta: float
) -> None:
    def sampler(*contract: Any) -> Any:
        return ddim(*contract, eta=eta)

    assert bench.variance_order(sampler, path) == pytest.approx(1.0, abs=0.05)


# From zero terminal SNR with eta 1 theirs is nan: the root of a rounding error below 0.
@pytest.mark.parametrize(
    ("zero_terminal_snr", "eta"),
    [(False, 0.0), (False, 0.5), (False, 1.0), (True, 0.0), (True, 0.5)],
)
@pytest.mark.parametrize("steps", [1, 2, 20])
def test_it_equals_diffusers_ddim(
    bench: Any, diffusers_levels: Any, steps: int, eta: float, zero_terminal_snr: bool
) -> None:
    from diffusers import DDIMScheduler

    theirs = DDIMScheduler(
        beta_schedule="scaled_linear",
        timestep_spacing="trailing",
        clip_sample=False,
        prediction_type="sample",
        rescale_betas_zero_snr=zero_terminal_snr,
    )
    theirs.set_timesteps(steps)
    levels = diffusers_levels.from_alphas_cumprod(theirs)
    x = z = bench.start(bench.paths["variance preserving"], bench.mixture)
    noise = bench.Drawn(x.shape)
    for time, level in zip(theirs.timesteps, levels, strict=False):
        guess = bench.mixture.denoise(z, level)
        drawn = noise() if eta > 0.0 else None
        z = theirs.step(guess, time, z, eta=eta, variance_noise=drawn).prev_sample
    ours = bench.picture(ddim, bench.mixture.denoise, x, levels, eta=eta)
    assert torch.allclose(ours, z, atol=1e-4)
