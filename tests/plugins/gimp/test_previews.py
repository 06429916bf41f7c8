"""A small preview becomes pixels for the canvas."""

from __future__ import annotations

import numpy as np
import pytest

from plugins.gimp.mahlstick_gimp.previews import spread
from plugins.gimp.mahlstick_gimp.protocol import Picture, Rect
from tests.plugins.gimp.fakes import pattern


def test_a_preview_of_the_canvas_size_is_cut_pixel_by_pixel() -> None:
    pixels = pattern(30, 20, 3)
    picture = Picture(30, 20, "rgb8", pixels.tobytes())
    cut = spread(picture, Rect(100, 50, 30, 20), Rect(105, 52, 7, 9))
    assert cut == pixels[2:11, 5:12].tobytes()


def test_alpha_of_a_preview_is_left_out() -> None:
    pixels = pattern(6, 5, 4)
    picture = Picture(6, 5, "rgba8", pixels.tobytes())
    box = Rect(0, 0, 6, 5)
    assert spread(picture, box, box) == pixels[..., :3].tobytes()


@pytest.mark.parametrize("side", [1, 37, 400, 401, 1500])
def test_every_size_is_filled_and_stays_in_place(side: int) -> None:
    halves = np.zeros((8, 8, 3), np.uint8)
    halves[:, 4:] = 255
    picture = Picture(8, 8, "rgb8", halves.tobytes())
    box = Rect(3, 4, side, side)
    found = np.frombuffer(spread(picture, box, box), np.uint8).reshape(side, side, 3)
    if side > 1:
        assert not found[:, : side // 2 - 2].any()
        assert (found[:, side // 2 + 3 :] == 255).all()
