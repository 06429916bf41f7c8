"""Previews."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.api import Box
from engine.preview import part, previews


class Shows:
    """A model that shows its x0 as it is."""

    def preview(self, x0: torch.Tensor) -> torch.Tensor:
        return x0.permute(0, 2, 3, 1).to(torch.uint8)


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [
        (32, 24, (24, 32, 3)),
        (256, 256, (256, 256, 3)),
        (1000, 20, (5, 256, 3)),
        (1, 900, (256, 1, 3)),
    ],
)
def test_previews_are_at_most_256_pixels_long(
    width: int, height: int, shape: tuple[int, int, int]
) -> None:
    model: Any = Shows()
    shown = previews(model, torch.full((2, 3, height, width), 77.0))
    assert [picture.shape for picture in shown] == [shape, shape]
    assert all((picture == 77).all() for picture in shown)
    assert all(picture.dtype == np.uint8 and picture.flags.c_contiguous for picture in shown)


@pytest.mark.parametrize(
    ("seen", "wanted", "rows", "columns"),
    [
        (Box(0, 0, 80, 40), Box(0, 0, 80, 40), (0, 20), (0, 40)),
        (Box(-8, -4, 80, 40), Box(0, 0, 64, 32), (2, 18), (4, 36)),
        (Box(10, 10, 80, 40), Box(0, 0, 200, 200), (0, 20), (0, 40)),
        (Box(0, 0, 80, 40), Box(79, 39, 1, 1), (19, 20), (39, 40)),
    ],
)
def test_a_preview_is_cut_to_the_box_that_was_told(
    seen: Box, wanted: Box, rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    picture = np.arange(20 * 40 * 3, dtype=np.int64).reshape(20, 40, 3).astype(np.uint8)
    cut = part(picture, seen, wanted)
    assert np.array_equal(cut, picture[slice(*rows), slice(*columns)])
