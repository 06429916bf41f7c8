"""Tiles cover everything, overlap as asked, and their weights sum to one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.api import Box, Size
from engine.canvas import assembled, tiles

sides = st.integers(1, 300)


@settings(deadline=None)  # thousands of one-pixel tiles are slow, and right
@given(sides, sides, st.integers(3, 128), st.integers(3, 128), st.integers(0, 100))
def test_weights_sum_to_one_and_tiles_have_their_size(
    width: int, height: int, tile_width: int, tile_height: int, overlap: int
) -> None:
    total = np.zeros((height, width))
    for part in tiles(Size(width, height), Size(tile_width, tile_height), overlap):
        box = part.box
        assert (box.width, box.height) == (min(tile_width, width), min(tile_height, height))
        assert box.left >= 0
        assert box.right <= width
        assert box.top >= 0
        assert box.bottom <= height
        assert part.weights.shape == (box.height, box.width)
        assert part.weights.min() > 0
        total[box.top : box.bottom, box.left : box.right] += part.weights
    np.testing.assert_allclose(total, 1.0, atol=1e-5)


@given(st.integers(1, 900), st.integers(2, 200), st.integers(0, 120))
def test_neighbours_share_at_least_the_overlap(length: int, tile: int, overlap: int) -> None:
    row = [part.box for part in tiles(Size(length, 4), Size(tile, 4), overlap)]
    for left, right in pairwise(row):
        assert left.right - right.left >= min(overlap, tile // 2)


@pytest.mark.parametrize(
    ("length", "starts"),
    [(256, [0]), (200, [0]), (257, [0, 1]), (448, [0, 192]), (449, [0, 96, 193])],
)
def test_no_more_tiles_than_needed(length: int, starts: list[int]) -> None:
    found = tiles(Size(length, 100), Size(256, 256), 64)
    assert [part.box.left for part in found] == starts


def test_tiles_cut_from_a_picture_make_it_again() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (90, 130, 3), np.uint8)
    parts = tiles(Size(130, 90), Size(48, 40), 16)
    cut = [(p, picture[p.box.top : p.box.bottom, p.box.left : p.box.right]) for p in parts]
    assert (assembled(Size(130, 90), cut) == picture).all()


def test_a_step_between_tiles_becomes_a_slope() -> None:
    first, second = tiles(Size(100, 1), Size(60, 1), 20)
    assert second.box == Box(40, 0, 60, 1)
    dark, bright = np.zeros((1, 60, 3), np.uint8), np.full((1, 60, 3), 200, np.uint8)
    row = assembled(Size(100, 1), [(first, dark), (second, bright)])[0, :, 0].astype(int)
    assert row[39] == 0
    assert row[60] == 200
    assert np.diff(row).max() <= 11
