from __future__ import annotations

from typing import Any

import torch

from engine.samplers.heun import heun
from engine.samplers.restart import restart
from engine.schedules import NoisePath, Sampler, levels_from
from engine.schedules.sigmas import karras
from engine.schedules.uniform import model


def test_its_pictures_have_the_distribution_of_the_mixture(bench: Any, path: NoisePath) -> None:
    x = bench.start(path, bench.mixture, count=10_000)
    picture = bench.picture(restart, bench.mixture.denoise, x, levels_from(karras, path, 60))
    assert bench.unlikeness(picture) < 0.03


def test_it_forgets_errors_made_at_high_noise(bench: Any, path: NoisePath) -> None:
    """A start with half the spread is nearly healed; an ODE would carry the fault to the end."""
    levels = levels_from(karras, path, 40)
    right = levels[0].alpha * bench.gaussian.mean
    x = right + (bench.start(path, bench.gaussian, count=4_001) - right) / 2

    def fault(sampler: Sampler, **options: Any) -> Any:
        picture = bench.picture(sampler, bench.gaussian.denoise, x, levels, **options)
        return abs(picture.std().item() - bench.gaussian.deviation)

    assert fault(restart, times=1) < fault(heun) / 3
    assert fault(restart, times=3) < 0.02


def test_without_levels_to_walk_again_it_is_heun(bench: Any, path: NoisePath) -> None:
    x, levels = bench.start(path, bench.mixture), levels_from(model, path, 3)
    levels = [level for level in levels if not 0.1 <= level.ratio <= 2.0]
    one, other = (
        bench.picture(sampler, bench.mixture.denoise, x, levels) for sampler in (restart, heun)
    )
    assert torch.equal(one, other)
