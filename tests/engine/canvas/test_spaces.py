"""Boxes and points go between the spaces and come back; contexts past the canvas are mirrored."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api import Box, Size
from engine.canvas.spaces import Spaces, crop, evenly_resized, resized


def spaces(context: Box, working: Size, factor: int = 8) -> Spaces:
    latent = Size(-(-working.width // factor), -(-working.height // factor))
    return Spaces(Size(500, 400), context, working, latent)


contexts = st.builds(
    Box, st.integers(-20, 200), st.integers(-20, 200), st.integers(1, 300), st.integers(1, 300)
)
workings = st.builds(
    Size, st.integers(1, 40).map(lambda n: n * 8), st.integers(1, 40).map(lambda n: n * 8)
)
boxes = st.builds(
    Box, st.integers(-50, 400), st.integers(-50, 400), st.integers(1, 200), st.integers(1, 200)
)


@given(contexts, workings, boxes)
def test_a_box_that_went_to_working_and_back_still_covers_itself(
    context: Box, working: Size, box: Box
) -> None:
    ways = spaces(context, working)
    back = ways.box_to_canvas(ways.box_to_working(box))
    assert back.left <= box.left
    assert back.right >= box.right
    assert back.top <= box.top
    assert back.bottom >= box.bottom
    # Rounding outwards adds at most one working pixel, then one canvas pixel, a side.
    assert back.width - box.width <= 2 * (context.width / working.width + 1)
    assert back.height - box.height <= 2 * (context.height / working.height + 1)


@given(contexts, workings)
def test_the_context_is_all_of_working_and_of_latent(context: Box, working: Size) -> None:
    ways = spaces(context, working)
    everything = Box(0, 0, working.width, working.height)
    assert ways.box_to_working(context) == everything
    assert ways.box_to_canvas(everything) == context
    assert ways.box_to_latent(everything) == Box(0, 0, ways.latent.width, ways.latent.height)


@given(contexts, workings, st.floats(-900, 900), st.floats(-900, 900))
def test_a_point_comes_back_to_where_it_was(
    context: Box, working: Size, x: float, y: float
) -> None:
    ways = spaces(context, working)
    assert ways.point_to_canvas(*ways.point_to_working(x, y)) == pytest.approx((x, y), abs=1e-6)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (Box(10, 20, 100, 50), Box(0, 0, 200, 100)),
        (Box(15, 25, 1, 1), Box(10, 10, 2, 2)),
        (Box(5, 20, 5, 50), Box(-10, 0, 10, 100)),
    ],
)
def test_twice_as_large_is_exactly_twice(box: Box, expected: Box) -> None:
    assert spaces(Box(10, 20, 100, 50), Size(200, 100)).box_to_working(box) == expected


def test_a_context_past_the_canvas_shows_it_mirrored() -> None:
    row = np.arange(5, dtype=np.uint8)[None, :]
    assert crop(row, Box(-2, 0, 9, 1))[0].tolist() == [2, 1, 0, 1, 2, 3, 4, 3, 2]


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (3, 2)])
def test_tiny_canvases_are_mirrored_as_often_as_it_takes(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 4), np.uint8)
    seen = crop(pixels, Box(-20, -30, 60, 70))
    assert seen.shape == (70, 60, 4)
    assert (seen[30 : 30 + shape[0], 20 : 20 + shape[1]] == pixels).all()


def test_a_latent_cell_acts_as_the_strongest_pixel_under_it() -> None:
    mask = np.zeros((16, 24), np.float32)
    mask[3, 9], mask[15, 23], mask[8, 0] = 0.5, 1.0, 0.25
    ways = spaces(Box(0, 0, 24, 16), Size(24, 16))
    assert ways.to_latent(mask).tolist() == [[0.0, 0.5, 0.0], [0.25, 0.0, 1.0]]


def test_weights_are_resized_without_overshoot() -> None:
    step = np.zeros((4, 20), np.float32)
    step[:, 10:] = 1.0
    for size in (Size(55, 11), Size(7, 2)):
        even = evenly_resized(step, size)
        assert even.shape == (size.height, size.width)
        assert even.min() == 0.0
        assert even.max() == 1.0


def test_pixels_of_the_wanted_size_are_not_touched() -> None:
    pixels = np.zeros((4, 5, 3), np.uint8)
    assert resized(pixels, Size(5, 4)) is pixels
