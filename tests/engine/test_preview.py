"""Previews."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.preview import previews


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
