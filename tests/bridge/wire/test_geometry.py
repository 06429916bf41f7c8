"""Geometry in tables, and pixels against the same sums done by numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.wire import geometry
from bridge.wire.geometry import Edges
from bridge.wire.messages import Rect

rects = st.builds(
    Rect, st.integers(-50, 50), st.integers(-50, 50), st.integers(0, 60), st.integers(0, 60)
)


def pixels_of(rect: Rect) -> set[tuple[int, int]]:
    columns = range(rect.left, rect.left + rect.width)
    return {(x, y) for x in columns for y in range(rect.top, rect.top + rect.height)}


@given(rects, rects)
def test_the_intersection_holds_the_common_pixels(a: Rect, b: Rect) -> None:
    assert pixels_of(geometry.intersection(a, b)) == pixels_of(a) & pixels_of(b)


@given(rects, rects)
def test_the_union_holds_both_and_is_no_larger_than_needed(a: Rect, b: Rect) -> None:
    whole = geometry.union(a, b)
    held = pixels_of(a) | pixels_of(b)
    assert pixels_of(whole) >= held
    if held:
        columns, rows = {x for x, _ in held}, {y for _, y in held}
        assert (whole.width, whole.height) == (
            max(columns) - min(columns) + 1,
            max(rows) - min(rows) + 1,
        )


@given(rects, rects)
def test_a_clamped_rectangle_lies_inside_and_keeps_its_size_where_it_fits(a: Rect, b: Rect) -> None:
    inside = geometry.clamp(a, b)
    assert pixels_of(inside) <= pixels_of(b)
    assert (inside.width, inside.height) == (min(a.width, b.width), min(a.height, b.height))


@pytest.mark.parametrize(
    ("rect", "into", "expected"),
    [
        (Rect(5, 5, 10, 10), Rect(0, 0, 100, 100), Rect(5, 5, 10, 10)),
        (Rect(-5, 95, 10, 10), Rect(0, 0, 100, 100), Rect(0, 90, 10, 10)),
        (Rect(0, 0, 200, 10), Rect(10, 20, 100, 100), Rect(10, 20, 100, 10)),
    ],
)
def test_clamp_moves_before_it_cuts(rect: Rect, into: Rect, expected: Rect) -> None:
    assert geometry.clamp(rect, into) == expected


def test_what_sticks_out_is_told_side_by_side() -> None:
    canvas = Rect(0, 0, 100, 50)
    assert geometry.outside(Rect(-10, 5, 130, 60), canvas) == Edges(10, 0, 20, 15)
    assert geometry.outside(Rect(1, 1, 5, 5), canvas) == Edges(0, 0, 0, 0)


def test_moving_and_growing() -> None:
    assert geometry.moved(Rect(1, 2, 3, 4), (-5, 6)) == Rect(-4, 8, 3, 4)
    assert geometry.grown(Rect(1, 2, 3, 4), 2) == Rect(-1, 0, 7, 8)
    assert geometry.is_empty(geometry.grown(Rect(1, 2, 3, 4), -2))


@given(st.integers(1, 20), st.integers(1, 20), st.data())
def test_the_selections_box_is_that_of_its_pixels(
    width: int, height: int, data: st.DataObject
) -> None:
    cells = st.tuples(st.integers(0, width - 1), st.integers(0, height - 1), st.integers(1, 255))
    plane = np.zeros((height, width), np.uint8)
    for x, y, level in data.draw(st.lists(cells, max_size=5)):
        plane[y, x] = level
    rows, columns = np.nonzero(plane)
    expected = Rect(0, 0, 0, 0)
    if len(rows):
        left, top = int(columns.min()), int(rows.min())
        expected = Rect(left, top, int(columns.max()) - left + 1, int(rows.max()) - top + 1)
    assert geometry.selection_box(plane.tobytes(), width, height) == expected


def test_a_selection_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="5 bytes were given; accepted are 6"):
        geometry.selection_box(bytes(5), 3, 2)


def test_red_and_blue_change_places_and_back() -> None:
    assert geometry.swap_red_blue(b"RGBArgba") == b"BGRAbgra"
    assert geometry.swap_red_blue(geometry.swap_red_blue(b"RGBArgba")) == b"RGBArgba"
    with pytest.raises(ValueError, match="5 bytes"):
        geometry.swap_red_blue(b"RGBAr")


@given(st.binary(min_size=1, max_size=64), st.booleans(), st.data())
def test_a_mask_multiplies_alpha_and_nothing_else(
    gray: bytes, opaque: bool, data: st.DataObject
) -> None:
    size = len(gray) * 4
    rgba = bytearray(data.draw(st.binary(min_size=size, max_size=size)))
    if opaque:
        rgba[3::4] = b"\xff" * len(gray)
    expected = np.frombuffer(bytes(rgba), np.uint8).reshape(-1, 4).copy()
    product = expected[:, 3].astype(float) * np.frombuffer(gray, np.uint8) / 255
    expected[:, 3] = np.round(product).astype(np.uint8)
    assert geometry.with_alpha(bytes(rgba), gray) == expected.tobytes()


@given(st.integers(0, 5), st.integers(0, 5), st.integers(1, 6), st.integers(1, 6))
def test_placing_then_cropping_gives_the_pixels_back(
    left: int, top: int, width: int, height: int
) -> None:
    rng = np.random.default_rng(width * 7 + height)
    part = rng.integers(1, 255, (height, width, 4), np.uint8)
    size, rect = (left + width + 2, top + height + 1), Rect(left, top, width, height)
    whole = geometry.place(part.tobytes(), rect, size, 4)
    expected = np.zeros((size[1], size[0], 4), np.uint8)
    expected[top : top + height, left : left + width] = part
    assert whole == expected.tobytes()
    assert geometry.crop(whole, size, rect, 4) == part.tobytes()


def test_a_rectangle_outside_the_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="does not lie inside a picture of 4x4"):
        geometry.crop(bytes(16), (4, 4), Rect(2, 2, 3, 1), 1)
    with pytest.raises(ValueError, match="does not lie inside a picture of 4x4"):
        geometry.place(bytes(3), Rect(2, 2, 3, 1), (4, 4), 1)
