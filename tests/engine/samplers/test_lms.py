from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.samplers.lms import _weights, lms, ratio
from engine.schedules import CLEAN, NoisePath, levels_from
from engine.schedules.sigmas import karras


def test_it_converges_with_order_two_from_a_cold_start(bench: Any, path: NoisePath) -> None:
    assert bench.order(lms, path, 160) == pytest.approx(2.0, abs=0.15)


def test_it_converges_with_order_four_once_it_has_a_history(bench: Any, path: NoisePath) -> None:
    assert bench.order(lms, path, 80, warm=True) > 3.7


def test_it_keeps_the_quantiles_of_a_mixture(bench: Any, path: NoisePath) -> None:
    levels = levels_from(karras, path, 100)
    x = bench.start(path, bench.mixture)
    picture = bench.picture(lms, bench.mixture.denoise, x, levels)
    before = bench.mixture.quantile(x, levels[0])
    assert torch.allclose(bench.mixture.quantile(picture, CLEAN), before, atol=0.005)


@pytest.mark.parametrize("steps", [1, 2, 5, 20])
def test_by_the_clock_of_karras_it_equals_diffusers_lms(
    bench: Any, diffusers_levels: Any, steps: int
) -> None:
    pytest.importorskip("scipy", reason="diffusers' LMS integrates with scipy")
    from diffusers import LMSDiscreteScheduler

    theirs = LMSDiscreteScheduler(
        beta_schedule="scaled_linear", timestep_spacing="trailing", use_karras_sigmas=True
    )
    theirs.set_timesteps(steps)
    levels = diffusers_levels.from_sigmas(theirs.sigmas)
    x = bench.start(bench.paths["variance preserving"], bench.mixture)
    z = x / levels[0].alpha
    for time, level in zip(theirs.timesteps[:-1], levels, strict=False):
        scaled = theirs.scale_model_input(z, time)
        z = theirs.step(diffusers_levels.eps(bench.mixture, scaled, level), time, z).prev_sample
    # Not the last step: theirs extrapolates past the model's own guess there.
    ours = bench.arrival(lms, bench.mixture, x, levels, clock=ratio)
    assert torch.allclose(ours / levels[-2].alpha, z.to(ours.dtype), atol=2e-4)


@pytest.mark.parametrize(
    "coefficients",
    [(1.0,), (1.5, -0.5), (23 / 12, -16 / 12, 5 / 12), (55 / 24, -59 / 24, 37 / 24, -9 / 24)],
)
def test_on_even_steps_its_weights_are_those_of_adams_and_bashforth(
    coefficients: tuple[float, ...],
) -> None:
    times = [0.5 + 0.1 * back for back in range(len(coefficients))]
    expected = [-0.1 * coefficient for coefficient in coefficients]
    assert _weights(times, 0.4) == pytest.approx(expected)
