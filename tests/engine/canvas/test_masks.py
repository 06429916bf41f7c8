"""The two masks: soft where asked, exactly nothing beyond."""

from __future__ import annotations

import numpy as np
import pytest

from engine.api import Box, Size
from engine.canvas.masks import bounds, denoise_mask, distance_from, paste_mask


def dot(size: int = 41, value: int = 255) -> np.ndarray:
    mask = np.zeros((size, size), np.uint8)
    mask[size // 2, size // 2] = value
    return mask


def acting(mask: np.ndarray, size: Size, grow: float, feather: float) -> np.ndarray:
    return denoise_mask(mask, distance_from(mask, size), grow, feather)


@pytest.mark.parametrize("value", [1, 100, 255])
def test_without_a_soft_edge_the_paste_mask_is_the_selection(value: int) -> None:
    mask = dot(value=value)
    pasted = paste_mask(mask)
    assert (pasted == mask).all()
    assert pasted is not mask


@pytest.mark.parametrize("edge", [1, 5, 15])
def test_a_soft_edge_fades_over_exactly_its_pixels(edge: int) -> None:
    row = paste_mask(dot(), edge)[20]
    reached = np.flatnonzero(row)
    assert (reached[0], reached[-1]) == (20 - edge, 20 + edge)
    assert row[20] == 255
    assert (np.diff(row[20:].astype(int)) <= 0).all()
    steps = -np.diff(row[20 : 20 + edge + 2].astype(int))
    assert steps.max() - steps.min() <= 2


def test_a_soft_edge_at_the_canvas_border_stays_inside() -> None:
    mask = np.zeros((10, 10), np.uint8)
    mask[0, 0] = 255
    pasted = paste_mask(mask, 4)
    assert pasted[0, 4] > 0
    assert pasted[0, 5] == 0
    assert pasted[9, 9] == 0


def test_a_faint_selection_fades_from_its_own_value() -> None:
    assert paste_mask(dot(value=60), 5).max() == 60


@pytest.mark.parametrize("scale", [1, 2, 0.5])
def test_the_model_may_act_in_the_selection_and_around_it(scale: float) -> None:
    mask = np.zeros((80, 80), np.uint8)
    mask[30:50, 30:50] = 255
    side = round(80 * scale)
    acts = acting(mask, Size(side, side), 4 * scale, 10 * scale)
    row = acts[round(40 * scale)]
    at = lambda x: row[round(x * scale)]  # noqa: E731
    assert at(30) == at(49) == 1.0
    assert at(27) == 1.0
    assert 0.1 < at(20) < 0.9
    assert at(10) == at(70) == 0.0
    assert acts.dtype == np.float32
    assert acts.min() >= 0.0
    assert acts.max() == 1.0


def test_the_model_may_act_wherever_paint_lands_at_full_strength() -> None:
    rng = np.random.default_rng(3)
    mask = (rng.random((60, 90)) > 0.97).astype(np.uint8) * 255
    acts = acting(mask, Size(90, 60), 0, 0)
    assert (acts[mask == 255] == 1.0).all()


def test_a_speck_too_small_for_the_working_size_is_still_painted() -> None:
    mask = np.zeros((1000, 1000), np.uint8)
    mask[100:600, 100:600] = 255
    mask[900, 900] = 255
    assert acting(mask, Size(25, 25), 0, 0)[22, 22] == 1.0


def test_a_half_selected_area_is_fully_painted_and_left_to_the_paste_mask() -> None:
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 10:30] = 127
    assert acting(mask, Size(40, 40), 0, 1)[20, 20] == 1.0
    assert paste_mask(mask)[20, 20] == 127


def test_an_empty_mask_has_no_bounds_and_lets_nothing_act() -> None:
    empty = np.zeros((5, 7), np.uint8)
    assert bounds(empty) is None
    assert denoise_mask(empty, np.zeros((5, 7), np.float32), 3, 3).max() == 0.0


def test_bounds_hold_every_nonzero_pixel_and_no_more() -> None:
    mask = np.zeros((20, 30), np.uint8)
    mask[4, 7] = mask[11, 22] = 1
    assert bounds(mask) == Box(7, 4, 16, 8)
