"""What every sampler keeps: read from the hook, so that a new module is tested unasked."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from engine import samplers
from engine.schedules import CLEAN, Level, NoisePath, Sampler, Schedule, levels_from
from engine.schedules.sigmas import karras
from engine.schedules.uniform import model


def registered() -> dict[str, Callable[..., Iterator[torch.Tensor]]]:
    found = {}
    for module in pkgutil.iter_modules(samplers.__path__):
        loaded = importlib.import_module(f"{samplers.__name__}.{module.name}")
        found |= loaded.mahlstick_samplers()
    return found


EVERY = registered()
DISTILLED = (EVERY["lcm"], EVERY["tcd"])


@pytest.fixture(params=EVERY.values(), ids=EVERY.keys())
def sampler(request: pytest.FixtureRequest) -> Sampler:
    return request.param


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 20])
def test_it_yields_once_a_step_and_only_finite_pictures(
    bench: Any, path: NoisePath, sampler: Sampler, steps: int
) -> None:
    x = bench.start(path, bench.mixture)
    levels = levels_from(model, path, steps)
    pictures = list(sampler(bench.mixture.denoise, x, levels, bench.Drawn(x.shape)))
    assert len(pictures) == steps
    assert all(picture.shape == x.shape and picture.isfinite().all() for picture in pictures)


def test_one_step_is_the_models_own_guess(bench: Any, path: NoisePath, sampler: Sampler) -> None:
    x = bench.start(path, bench.mixture)
    levels = levels_from(model, path, 1)
    guess = bench.mixture.denoise(x, levels[0])
    picture = bench.picture(sampler, bench.mixture.denoise, x, levels)
    assert torch.allclose(picture, guess, atol=1e-12)


def test_many_steps_end_on_the_distribution_of_the_pictures(
    bench: Any, path: NoisePath, sampler: Sampler
) -> None:
    if sampler in DISTILLED:
        pytest.skip("made for consistency models, whose distribution its own tests look at")
    x = bench.start(path, bench.gaussian, count=1_001)
    levels, noise = levels_from(model, path, 120), bench.Mirrored(x.shape)
    x = torch.cat([x, x])
    picture = bench.picture(sampler, bench.gaussian.denoise, x, levels, noise=noise)
    assert picture.mean().item() == pytest.approx(bench.gaussian.mean, abs=0.01)
    assert picture.std().item() == pytest.approx(bench.gaussian.deviation, abs=0.04)


@pytest.mark.parametrize("schedule", [model, karras])
@pytest.mark.parametrize("steps", [2, 4, 6])
def test_few_steps_stay_within_the_range_of_pictures(
    bench: Any, path: NoisePath, sampler: Sampler, steps: int, schedule: Schedule
) -> None:
    x = bench.start(path, bench.mixture)
    picture = bench.picture(sampler, bench.mixture.denoise, x, levels_from(schedule, path, steps))
    # The posterior mean of a pixel lies within about three deviations of the outermost parts.
    assert picture.abs().max().item() < 2.6


def test_more_steps_come_nearer_and_a_few_are_near_enough(
    bench: Any, path: NoisePath, sampler: Sampler
) -> None:
    if sampler in DISTILLED:
        pytest.skip("made for consistency models, which are as near in one step as in many")
    x = bench.start(path, bench.mixture, count=1_001)

    def distance(steps: int) -> float:
        levels = levels_from(model, path, steps)
        return bench.distance(bench.picture(sampler, bench.mixture.denoise, x, levels))

    few, some, many = distance(3), distance(8), distance(30)
    assert few > some
    assert some < 0.11
    assert many < max(some, 0.03)


def test_a_perfect_denoiser_is_painted_exactly(
    bench: Any, path: NoisePath, sampler: Sampler
) -> None:
    x = bench.start(path, bench.gaussian)
    truth = torch.linspace(-1.0, 1.0, x.shape[-1], dtype=x.dtype).reshape(x.shape)
    picture = bench.picture(sampler, lambda _x, _level: truth, x, levels_from(model, path, 9))
    assert torch.allclose(picture, truth, atol=1e-12)


def test_the_model_is_asked_along_the_forward_process(
    bench: Any, path: NoisePath, sampler: Sampler
) -> None:
    """With a perfect denoiser x has the spread of its level: noise is neither lost nor made."""
    truth = 0.25
    x = bench.start(path, bench.gaussian, count=10_001)
    x = path.level(1.0).sigma * (x - x.mean()) / x.std() + path.level(1.0).alpha * truth
    spreads = []

    def denoise(x: torch.Tensor, level: Level) -> torch.Tensor:
        spreads.append(((x - level.alpha * truth).std().item(), level.sigma))
        return torch.full_like(x, truth)

    bench.picture(sampler, denoise, x, levels_from(model, path, 8))
    for measured, sigma in spreads:
        assert measured == pytest.approx(sigma, rel=0.03)


def test_the_same_noise_gives_the_same_picture_and_half_precision_stays_so(
    bench: Any, path: NoisePath, sampler: Sampler
) -> None:
    x = bench.start(path, bench.mixture).to(torch.bfloat16)
    levels = levels_from(model, path, 4)

    def paint() -> torch.Tensor:
        noise = bench.Drawn(x.shape, dtype=torch.bfloat16)
        return bench.picture(sampler, bench.mixture.denoise, x, levels, noise=noise)

    assert paint().dtype == torch.bfloat16
    assert torch.equal(paint(), paint())


def test_a_candidate_painted_alone_is_the_candidate_of_the_batch(
    bench: Any, path: NoisePath, sampler: Sampler
) -> None:
    start = torch.cat([bench.start(path, bench.mixture), bench.start(path, bench.gaussian)])
    levels = levels_from(model, path, 6)
    noises = [bench.Drawn(start[:1].shape, seed=seed) for seed in (1, 2)]
    both = bench.picture(
        sampler,
        bench.mixture.denoise,
        start,
        levels,
        noise=bench.Given(lambda: torch.cat([noise() for noise in noises])),
    )
    alone = bench.picture(
        sampler,
        bench.mixture.denoise,
        start[1:],
        levels,
        noise=bench.Drawn(start[:1].shape, seed=2),
    )
    # Vectorised exp rounds by place in the batch, so not to the last bit.
    assert torch.allclose(both[1:], alone, atol=1e-12)


def test_nothing_is_computed_before_the_first_picture_is_asked_for(
    bench: Any, path: NoisePath, sampler: Sampler
) -> None:
    def denoise(_x: torch.Tensor, _level: Level) -> torch.Tensor:
        raise AssertionError("the model was called")

    x = bench.start(path, bench.gaussian)
    steps = sampler(denoise, x, [path.level(1.0), CLEAN], bench.Drawn(x.shape))
    assert isinstance(steps, Iterator)


def test_no_sampler_needs_torch_to_be_imported() -> None:
    import subprocess
    import sys

    modules = [f"{samplers.__name__}.{m.name}" for m in pkgutil.iter_modules(samplers.__path__)]
    code = f"import sys, {', '.join(modules)}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
