"""The Brownian motion of stochastic samplers: the same however it is cut into steps."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from engine.brownian import FINEST, PLACES, BrownianTree, clock, place_of
from engine.noise import CandidateNoise
from engine.samplers.dpmpp_sde import dpmpp_sde
from engine.schedules import CLEAN, CosinePath, Level, levels_from
from engine.schedules.uniform import model

PATH = CosinePath()
SHAPE = (4, 64, 64)


def test_places_run_from_pure_noise_to_all_but_clean() -> None:
    assert place_of(Level(0.0, 1.0)) == 0
    assert place_of(Level(1.0, FINEST)) == place_of(CLEAN) == PLACES
    assert clock(place_of(PATH.level(0.3))) == pytest.approx(
        1 / PATH.level(0.3).ratio ** 2, rel=0.01
    )


def test_increments_are_unit_noise_and_independent() -> None:
    noise = CandidateNoise([3], SHAPE, "cpu")
    levels = levels_from(model, PATH, 20)[:-1]
    steps = [noise.between(here, there).flatten() for here, there in itertools.pairwise(levels)]
    for step in steps:
        assert abs(float(step.mean())) < 0.04
        assert float(step.std()) == pytest.approx(1.0, abs=0.03)
    for one, other in itertools.combinations(steps, 2):
        assert abs(float((one * other).mean())) < 0.04


def test_a_step_is_the_sum_of_its_parts_in_any_order_of_asking() -> None:
    noise = CandidateNoise([3], SHAPE, "cpu")
    start, middle, end = (PATH.level(time) for time in (0.9, 0.6, 0.2))
    second = noise.between(middle, end)
    whole = noise.between(start, end)
    first = noise.between(start, middle)
    places = [clock(place_of(level)) for level in (start, middle, end)]
    share = (places[1] - places[0]) / (places[2] - places[0])
    summed = math.sqrt(share) * first + math.sqrt(1 - share) * second
    assert torch.allclose(whole, summed, atol=1e-4)
    assert torch.equal(noise.between(middle, end), second)


def test_a_candidates_motion_is_its_seeds_alone() -> None:
    together, alone = CandidateNoise([1, 2], SHAPE, "cpu"), CandidateNoise([2], SHAPE, "cpu")
    here, there = PATH.level(0.8), PATH.level(0.5)
    assert torch.equal(together.between(here, there)[1:], alone.between(here, there))
    other = CandidateNoise([2], SHAPE, "cpu", stream=1)
    assert not torch.equal(other.between(here, there), alone.between(here, there))


def test_levels_that_cannot_be_told_apart_get_fresh_noise() -> None:
    noise = CandidateNoise([1], SHAPE, "cpu")
    almost = Level(1.0, FINEST / 2)
    assert not torch.equal(noise.between(almost, CLEAN), noise.between(almost, CLEAN))


def test_a_tree_remembers_one_path_only() -> None:
    tree = BrownianTree(1, 0, (2,))
    values = [tree.at(place) for place in range(0, PLACES, 97)]
    assert len(tree._known) <= 2 + int(math.log2(PLACES))
    again = BrownianTree(1, 0, (2,))
    assert torch.equal(again.at(97 * 40), values[40])


def test_more_steps_refine_the_same_picture() -> None:
    """With fresh noise each step, 30 and 60 steps end on pictures that have nothing in common."""
    shape = (1, 16, 16)

    def denoise(x: torch.Tensor, level: Level) -> torch.Tensor:
        return x * level.alpha * 0.25 / (level.alpha**2 * 0.25 + level.sigma**2)

    def picture(steps: int, seed: int) -> torch.Tensor:
        x = torch.ones(1, *shape)
        noise = CandidateNoise([seed], shape, "cpu")
        *_, last = dpmpp_sde(denoise, x, levels_from(model, PATH, steps), noise)
        return last

    fine, coarse, other = picture(60, 1), picture(30, 1), picture(60, 2)
    assert (fine - coarse).square().mean() < 0.1 * (fine - other).square().mean()
