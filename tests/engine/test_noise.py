"""Seeds and their noise."""

from __future__ import annotations

import torch

from engine.api import MAX_SEED
from engine.noise import CandidateNoise, candidate_seeds, drawn_seed

SHAPE = (4, 8, 8)


def test_drawn_seeds_differ_and_can_be_typed() -> None:
    seeds = {drawn_seed() for _ in range(50)}
    assert len(seeds) > 45
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_candidate_seeds_count_up_and_wrap_at_the_largest() -> None:
    assert candidate_seeds(5, 3) == (5, 6, 7)
    assert candidate_seeds(MAX_SEED, 2) == (MAX_SEED, 0)


def test_noise_depends_on_the_candidates_seed_alone() -> None:
    together, alone = CandidateNoise([1, 2, 3], SHAPE, "cpu"), CandidateNoise([2], SHAPE, "cpu")
    for _ in range(3):
        assert torch.equal(together()[1:2], alone())


def test_every_call_draws_on_and_streams_differ() -> None:
    noise = CandidateNoise([1], SHAPE, "cpu")
    first, second = noise(), noise()
    other = CandidateNoise([1], SHAPE, "cpu", stream=1)()
    assert not torch.equal(first, second)
    assert not torch.equal(first, other)


def test_noise_is_unit_normal_and_leaves_torchs_own_state_alone() -> None:
    state = torch.random.get_rng_state()
    drawn = CandidateNoise([7], (4, 128, 128), "cpu")()
    assert abs(float(drawn.mean())) < 0.02
    assert abs(float(drawn.std()) - 1) < 0.02
    assert torch.equal(state, torch.random.get_rng_state())


def test_seeds_that_differ_in_high_bits_only_draw_differently() -> None:
    assert not torch.equal(
        CandidateNoise([5], SHAPE, "cpu")(), CandidateNoise([5 + 2**32], SHAPE, "cpu")()
    )


def test_the_largest_seed_draws() -> None:
    assert CandidateNoise([MAX_SEED], SHAPE, "cpu", stream=1)().shape == (1, *SHAPE)
