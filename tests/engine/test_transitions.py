from __future__ import annotations

import math

import pytest
import torch

from engine.schedules import CLEAN, CosinePath, FlowPath, Level, NoisePath
from engine.transitions import between, drift, on_path_of, stir, stride

PATHS = [CosinePath(), FlowPath(), FlowPath(shift=3.0)]
X, X0 = (torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(k)).double() for k in (1, 2))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("start", [1.0, 0.8])
def test_a_drift_keeps_the_noise_it_finds(path: NoisePath, start: float) -> None:
    here, there = path.level(start), path.level(0.3)
    eps = (X - here.alpha * X0) / here.sigma
    assert torch.allclose(drift(X, X0, here, there), there.alpha * X0 + there.sigma * eps)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("start", [1.0, 0.8])
def test_two_stirs_are_one_of_their_added_noise(path: NoisePath, start: float) -> None:
    here, mid, there = path.level(start), path.level(0.5), path.level(0.3)
    one, two = X, X0
    ahead = stir(stir(X, X0, here, mid, one), X0, mid, there, two)
    before, halfway, after = (1.0 / level.ratio**2 for level in (here, mid, there))
    share = (halfway - before) / (after - before)
    noise = math.sqrt(share) * one + math.sqrt(1.0 - share) * two
    assert torch.allclose(ahead, stir(X, X0, here, there, noise))


@pytest.mark.parametrize("path", PATHS)
def test_the_clean_level_is_x0_exactly(path: NoisePath) -> None:
    assert torch.equal(drift(X, X0, path.level(0.4), CLEAN), X0)
    assert torch.equal(stir(X, X0, path.level(0.4), CLEAN, X), X0)


@pytest.mark.parametrize("path", PATHS)
def test_from_pure_noise_a_stir_forgets_x(path: NoisePath) -> None:
    there = path.level(0.5)
    expected = there.alpha * X0 + there.sigma * X
    assert torch.allclose(stir(X0, X0, path.level(1.0), there, X), expected)


def test_a_stride_is_infinite_at_the_ends() -> None:
    here, there = Level(0.6, 0.8), Level(0.8, 0.6)
    assert stride(here, there) == pytest.approx(2 * math.log(4 / 3))
    assert stride(Level(0.0, 1.0), here) == math.inf
    assert stride(here, CLEAN) == math.inf


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("start", "end"), [(0.9, 0.5), (0.6, 0.59), (1e-3, 1e-4)])
def test_a_level_between_two_lies_on_their_path(path: NoisePath, start: float, end: float) -> None:
    here, there = path.level(start), path.level(end)
    middle = between(here, there)
    assert stride(here, middle) == pytest.approx(stride(middle, there))
    on_path = path.level(path.time(middle))
    assert (middle.alpha, middle.sigma) == pytest.approx((on_path.alpha, on_path.sigma), abs=1e-9)


def test_an_exploding_path_keeps_its_alpha() -> None:
    assert on_path_of(Level(1.0, 14.6), Level(1.0, 3.0), 5.0) == Level(1.0, 5.0)
