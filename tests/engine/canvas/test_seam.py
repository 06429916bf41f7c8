"""Paint meets the canvas at the selection's edge."""

from __future__ import annotations

import numpy as np
import pytest

from engine.api import Box, Pixels, Size
from engine.canvas.masks import distance_from
from engine.canvas.seam import Edge, met

WIDE, HIGH = 120, 90


def sky() -> Pixels:
    """A canvas that grows brighter downwards and to the right."""
    y, x = np.mgrid[:HIGH, :WIDE]
    return np.dstack((90 + y, 120 + x // 3, 200 - y // 2)).astype(np.uint8)


def selected(box: Box) -> Pixels:
    mask = np.zeros((HIGH, WIDE), np.uint8)
    mask[box.top : box.bottom, box.left : box.right] = 255
    return mask


def meet(paint: Pixels, mask: Pixels, opaque: np.ndarray | None = None) -> Pixels:
    distance = distance_from(mask, Size(WIDE, HIGH))
    seen = np.ones((HIGH, WIDE), np.float32) if opaque is None else opaque
    return met(paint, sky(), distance, seen, Edge(255.0))


def furthest(paint: Pixels, mask: Pixels) -> int:
    inside = mask == 255
    return int(abs(paint.astype(int) - sky().astype(int))[inside].max())


BOXES = [Box(40, 30, 40, 30), Box(0, 0, 30, 90), Box(90, 0, 30, 90), Box(10, 60, 70, 30)]


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("shift", [-70, 25])
def test_paint_of_another_level_takes_the_canvas_level(box: Box, shift: int) -> None:
    paint = (sky().astype(int) + shift).clip(0, 255).astype(np.uint8)
    assert furthest(meet(paint, selected(box)), selected(box)) <= 2


@pytest.mark.parametrize("box", BOXES)
def test_paint_that_fits_is_not_changed(box: Box) -> None:
    assert np.array_equal(meet(sky(), selected(box)), sky())


def test_an_object_keeps_its_contrast_when_its_night_becomes_day() -> None:
    mask = selected(Box(40, 30, 40, 30))
    night = (sky().astype(int) - 80).clip(0, 255)
    night[40:50, 55:65] += 40
    day = meet(night.clip(0, 255).astype(np.uint8), mask).astype(int)
    rise = day[40:50, 55:65] - sky()[40:50, 55:65]
    assert abs(rise - 40).max() <= 2


def test_an_object_selected_tightly_is_not_tinted_by_its_background() -> None:
    """The model, held to the canvas around the selection, painted it there; inside is red."""
    mask = selected(Box(40, 30, 40, 30))
    paint = sky()
    paint[mask == 255] = (250, 10, 10)
    assert np.array_equal(meet(paint, mask)[mask == 255], paint[mask == 255])


def test_a_step_on_one_side_only_fades_across() -> None:
    mask = selected(Box(40, 0, 40, 90))
    paint = sky().astype(int)
    paint[:, :60] -= 40
    row = meet(paint.clip(0, 255).astype(np.uint8), mask)[45].astype(int) - sky()[45]
    assert abs(row[[40, 79]]).max() <= 2
    assert abs(row[40:60]).max() <= 21


def test_where_the_canvas_is_transparent_nothing_is_measured() -> None:
    mask = selected(Box(40, 30, 40, 30))
    paint = (sky().astype(int) - 50).clip(0, 255).astype(np.uint8)
    assert np.array_equal(meet(paint, mask, np.zeros((HIGH, WIDE), np.float32)), paint)


def test_another_picture_is_shifted_no_further_than_allowed() -> None:
    mask = selected(Box(40, 30, 40, 30))
    paint = (sky().astype(int) - 80).clip(0, 255).astype(np.uint8)
    opaque, distance = np.ones((HIGH, WIDE), np.float32), distance_from(mask, Size(WIDE, HIGH))
    shift = met(paint, sky(), distance, opaque, Edge(24.0)).astype(int) - paint
    assert abs(shift[mask == 255] - 24).max() <= 1


def test_a_selection_of_everything_or_nothing_is_left_alone() -> None:
    paint = np.full((HIGH, WIDE, 3), 7, np.uint8)
    assert np.array_equal(meet(paint, np.full((HIGH, WIDE), 255, np.uint8)), paint)
    far = np.full((HIGH, WIDE), 99.0, np.float32)
    assert np.array_equal(met(paint, sky(), far, np.ones((HIGH, WIDE), np.float32), Edge()), paint)


def test_large_paint_is_met_as_well_as_small() -> None:
    big = np.full((600, 900, 3), 100, np.uint8)
    mask = np.zeros((600, 900), np.uint8)
    mask[150:450, 200:700] = 255
    distance = distance_from(mask, Size(900, 600))
    result = met(np.full_like(big, 60), big, distance, np.ones((600, 900), np.float32), Edge(255.0))
    assert abs(result[mask == 255].astype(int) - 100).max() <= 2


def test_paint_takes_over_from_the_fill_towards_the_middle() -> None:
    box = Box(40, 30, 40, 30)
    mask, paint = selected(box), sky()
    paint[mask == 255] = 0  # black, while the model was held to the canvas around it
    distance, opaque = distance_from(mask, Size(WIDE, HIGH)), np.ones((HIGH, WIDE), np.float32)
    result = met(paint, sky(), distance, opaque, Edge(24.0, fade=0.6))
    row = result[45, 40:60, 0].astype(int)
    assert abs(row[0] - sky()[45, 40, 0]) <= 12
    assert (np.diff(row) <= 0).all()
    assert row[-1] == 0
