"""Holes are filled with what surrounds them, borders with what the picture does there."""

from __future__ import annotations

import numpy as np
import pytest

from engine.api import Box
from engine.canvas.prefill import MIDDLE_GREY, continued, filled


def sky(height: int = 200, width: int = 300) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    y, x = y * 200 / height, x * 300 / width
    channels = (40 + 0.7 * y, 90 + 0.5 * y, 230 - 0.3 * y - 0.1 * x)
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)


def known_but(box: Box, height: int = 200, width: int = 300) -> np.ndarray:
    known = np.ones((height, width), np.float32)
    known[box.top : box.bottom, box.left : box.right] = 0.0
    return known


HOLES = {
    "small": Box(140, 90, 12, 12),
    "large": Box(60, 40, 180, 120),
    "at the left border": Box(0, 60, 40, 50),
    "a thin line": Box(10, 100, 280, 1),
}


@pytest.mark.parametrize("name", HOLES)
def test_a_hole_in_a_gradient_sky_continues_the_gradient(name: str) -> None:
    picture, known = sky(), known_but(HOLES[name])
    holed = picture.copy()
    holed[known == 0] = (255, 0, 0)
    error = np.abs(filled(holed, known).astype(int) - picture)
    assert error.max() <= 6
    assert error[known == 0].mean() <= 2.0


def test_a_large_picture_s_hole_is_filled_as_well_as_a_small_one_s() -> None:
    big = sky(1200, 1600)
    known = known_but(Box(500, 300, 600, 500), 1200, 1600)
    holed = big.copy()
    holed[known == 0] = 0
    assert np.abs(filled(holed, known).astype(int) - big).mean() <= 1.5


def test_known_pixels_keep_their_bytes() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (90, 130, 3), np.uint8)
    known = (np.random.default_rng(2).random((90, 130)) > 0.3).astype(np.float32)
    result = filled(picture, known)
    assert (result[known == 1] == picture[known == 1]).all()
    assert (result[known == 0] != picture[known == 0]).any()


def test_what_lay_in_the_hole_colours_nothing() -> None:
    picture, known = sky(), known_but(HOLES["large"])
    red, green = picture.copy(), picture.copy()
    red[known == 0], green[known == 0] = (255, 0, 0), (0, 255, 0)
    assert (filled(red, known) == filled(green, known)).all()


def test_a_half_known_pixel_lies_between_its_own_colour_and_its_surroundings() -> None:
    picture = np.full((40, 40, 3), 100, np.uint8)
    known = np.ones((40, 40), np.float32)
    picture[20, 20], known[20, 20] = 200, 0.5
    value = int(filled(picture, known)[20, 20, 0])
    assert 140 <= value <= 176


def test_a_small_hole_across_a_horizon_keeps_the_horizon() -> None:
    picture = np.full((120, 160, 3), 220, np.uint8)
    picture[60:] = 30
    known = known_but(Box(74, 50, 12, 20), 120, 160)
    column = filled(np.where(known[..., None] > 0, picture, 0).astype(np.uint8), known)[:, 80, 0]
    assert column[52] > 180
    assert column[67] < 70


def test_with_nothing_known_the_fill_is_middle_grey() -> None:
    result = filled(np.zeros((5, 9, 3), np.uint8), np.zeros((5, 9), np.float32))
    assert (result == MIDDLE_GREY).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 3), (7, 600)])
def test_any_shape_is_filled(shape: tuple[int, int]) -> None:
    known = np.zeros(shape, np.float32)
    known[0, 0] = 1.0
    picture = np.zeros((*shape, 3), np.uint8)
    picture[0, 0] = (10, 120, 250)
    result = filled(picture, known).astype(int)
    assert np.abs(result - [10, 120, 250]).max() <= 1


def canvas_with(inner: np.ndarray, box: Box, height: int, width: int) -> np.ndarray:
    canvas = np.zeros((height, width, 3), np.uint8)
    canvas[box.top : box.bottom, box.left : box.right] = inner
    return canvas


@pytest.mark.parametrize(
    ("box", "height", "width"),
    [
        (Box(150, 0, 300, 200), 200, 600),
        (Box(0, 100, 300, 200), 400, 300),
        (Box(0, 0, 300, 200), 200, 420),
        (Box(60, 50, 300, 200), 300, 420),
    ],
)
def test_there_is_no_step_where_the_old_picture_ends(box: Box, height: int, width: int) -> None:
    texture = np.random.default_rng(4).integers(-12, 12, (200, 300, 3))
    inner = np.clip(sky().astype(int) + texture, 0, 255).astype(np.uint8)
    result = continued(canvas_with(inner, box, height, width), box).astype(int)
    inside = np.abs(np.diff(inner.astype(int), axis=1)).mean()
    for edge in {box.left, box.right} - {0, width}:
        rows = slice(box.top, box.bottom)
        assert np.abs(result[rows, edge] - result[rows, edge - 1]).mean() <= 1.1 * inside
    for edge in {box.top, box.bottom} - {0, height}:
        columns = slice(box.left, box.right)
        assert np.abs(result[edge, columns] - result[edge - 1, columns]).mean() <= 1.1 * inside
    assert (result[box.top : box.bottom, box.left : box.right] == inner).all()


def test_a_horizon_goes_on_to_the_far_edge() -> None:
    inner = np.full((200, 300, 3), 220, np.uint8)
    inner[120:] = 30
    box = Box(150, 0, 300, 200)
    result = continued(canvas_with(inner, box, 200, 600), box)
    for column in (2, 60, 140, 460, 540, 597):
        assert result[100, column, 0] > 180
        assert result[140, column, 0] < 70


def test_a_sun_is_not_painted_a_second_time() -> None:
    inner = np.full((200, 300, 3), 90, np.uint8)
    inner[80:110, 200:230] = 255  # mirrored it would stand 85 pixels beyond the border
    box = Box(0, 0, 300, 200)
    result = continued(canvas_with(inner, box, 200, 450), box)
    assert result[:, 300:].max() <= 190


@pytest.mark.parametrize("box", [Box(3, 4, 1, 1), Box(0, 4, 1, 3), Box(0, 0, 5, 1)])
def test_the_smallest_pictures_are_continued(box: Box) -> None:
    canvas = np.zeros((40, 50, 3), np.uint8)
    canvas[box.top : box.bottom, box.left : box.right] = 77
    assert (continued(canvas, box) == 77).all()
