"""Between pixels and tensors."""

from __future__ import annotations

import numpy as np
import torch

from engine.pictures import as_mask, as_pixels, as_tensor


def test_every_grey_level_survives_the_way_there_and_back() -> None:
    picture = np.arange(256 * 3, dtype=np.int64).reshape(16, 16, 3).astype(np.uint8)
    there = as_tensor(picture, "cpu")
    assert there.shape == (1, 3, 16, 16)
    assert float(there.min()) == -1.0
    assert float(there.max()) == 1.0
    assert np.array_equal(as_pixels(there[0]), picture)


def test_alpha_is_left_out_and_values_beyond_the_range_are_clipped() -> None:
    assert as_tensor(np.zeros((2, 2, 4), np.uint8), "cpu").shape == (1, 3, 2, 2)
    assert as_pixels(torch.full((3, 1, 1), 7.0)).max() == 255
    assert as_pixels(torch.full((3, 1, 1), -7.0)).max() == 0


def test_a_mask_becomes_one_channel() -> None:
    mask = np.linspace(0, 1, 6, dtype=np.float32).reshape(2, 3)
    assert torch.equal(as_mask(mask, "cpu")[0, 0], torch.from_numpy(mask))
