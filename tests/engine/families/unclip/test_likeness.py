"""Moves of image embeddings, against what the sphere says they are."""

from __future__ import annotations

import math

import pytest
import torch

from engine.api import Size
from engine.families import Conditions, TowardsPicture, TowardsWords
from engine.families.unclip.likeness import between, led, turned

EAST, NORTH, WEST = (torch.tensor([one]) for one in ([1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]))


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_what_lies_between_two_directions_lies_on_their_arc(share: float) -> None:
    angle = share * math.pi / 2
    wanted = torch.tensor([[math.cos(angle), math.sin(angle)]])
    assert torch.allclose(between(EAST, NORTH, share), wanted, atol=1e-6)


def test_lengths_are_mixed_linearly() -> None:
    assert between(EAST, 3 * NORTH, 0.5).norm().item() == pytest.approx(2.0)


def test_equal_and_opposite_vectors_do_not_burst() -> None:
    assert torch.allclose(between(EAST, EAST, 0.3), EAST, atol=1e-6)
    for share in (0.0, 0.5, 1.0):
        assert bool(between(EAST, WEST, share).isfinite().all())


def test_turning_keeps_the_length_and_goes_towards_the_direction() -> None:
    turned_ = turned(5 * EAST, NORTH, 0.5)
    assert turned_.norm().item() == pytest.approx(5.0)
    assert torch.allclose(turned_ / 5, torch.tensor([[0.5**0.5, 0.5**0.5]]), atol=1e-6)


def test_a_difference_of_nothing_turns_nothing() -> None:
    assert torch.equal(turned(EAST, torch.zeros(1, 2), 0.5), EAST)


def test_rows_are_moved_each_by_itself() -> None:
    rows = torch.cat([EAST, NORTH])
    assert torch.allclose(between(rows, rows.flip(0), 0.5), torch.full((2, 2), 0.5**0.5))


def test_precision_is_kept() -> None:
    assert between(EAST.bfloat16(), NORTH.bfloat16(), 0.5).dtype == torch.bfloat16


def test_guides_are_followed_one_after_the_other() -> None:
    texts = {"night": NORTH * 7, "day": EAST * 2}
    picture = torch.zeros(1, 3, 8, 8)
    told = {"prompt": "night", "working": Size(8, 8), "seeds": (1,)}
    apart = Conditions(**told, guides=(TowardsWords("day", 0.5),))
    moved = led(EAST, apart, lambda _: WEST, texts.__getitem__)
    direction = torch.tensor([[-1.0, 1.0]]) / 2**0.5  # of unit texts: their lengths do not count
    assert torch.allclose(moved, between(EAST, direction, 0.5), atol=1e-6)
    both = Conditions(**told, guides=(TowardsPicture(picture, 1.0), TowardsWords("day", 0.0)))
    assert torch.allclose(led(EAST, both, lambda _: NORTH, texts.__getitem__), NORTH, atol=1e-6)
    assert torch.equal(led(EAST, Conditions(**told), lambda _: WEST, texts.__getitem__), EAST)
