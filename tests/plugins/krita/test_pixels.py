"""Bytes and rectangles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.krita.pixels import grown, masked, moved, swapped
from plugins.krita.protocol import Rect

FOURS = st.lists(st.binary(min_size=4, max_size=4), max_size=9).map(b"".join)


@given(FOURS)
def test_swapping_twice_changes_nothing(pixels: bytes) -> None:
    assert swapped(swapped(pixels)) == pixels


def test_red_and_blue_change_places() -> None:
    assert swapped(bytes([1, 2, 3, 4, 5, 6, 7, 8])) == bytes([3, 2, 1, 4, 7, 6, 5, 8])


def test_the_mask_becomes_the_alpha_channel() -> None:
    assert masked(bytes([1, 2, 3, 255, 5, 6, 7, 255]), b"\x00\x80") == bytes(
        [1, 2, 3, 0, 5, 6, 7, 128]
    )


def test_a_moved_rectangle_keeps_its_size() -> None:
    assert moved(Rect(1, 2, 3, 4), 10, -20) == Rect(11, -18, 3, 4)


@pytest.mark.parametrize(
    ("rect", "by", "expected"),
    [
        (Rect(10, 10, 5, 5), 3, Rect(7, 7, 11, 11)),
        (Rect(0, 0, 5, 5), 3, Rect(0, 0, 8, 8)),
        (Rect(90, 45, 20, 20), 0, Rect(90, 45, 10, 5)),
        (Rect(-30, -30, 10, 10), 5, Rect(0, 0, 0, 0)),
        (Rect(0, 0, 100, 50), 9, Rect(0, 0, 100, 50)),
    ],
)
def test_a_grown_rectangle_stays_on_the_canvas(rect: Rect, by: int, expected: Rect) -> None:
    assert grown(rect, by, 100, 50) == expected
