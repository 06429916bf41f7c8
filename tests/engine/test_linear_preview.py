"""Latents shown by one matrix, against autoencoders whose answer is known."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from engine.linear_preview import SIDE, LinearPreview

MIX = torch.tensor([[0.9, -0.2, 0.1, 0.4], [0.1, 1.1, -0.3, 0.2], [-0.4, 0.3, 0.8, -0.6]])


def encode(pictures: Tensor) -> Tensor:
    """An affine encoder with factor 8."""
    return torch.einsum("nrhw,rc->nchw", functional.avg_pool2d(pictures, 8), MIX) * 0.13 + 0.05


def test_an_affine_encoder_is_undone_but_for_a_few_grey_levels() -> None:
    preview = LinearPreview.fitted(encode, 8)
    colours = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(9))
    pictures = functional.interpolate(colours, scale_factor=64)
    shown = preview(encode(pictures * 2 - 1))
    assert shown.shape == (2, 128, 128, 3)
    middle = shown[:, 16::32, 16::32].permute(0, 3, 1, 2).float() / 255
    assert float((middle - colours).abs().max()) < 0.05


def test_no_preview_is_longer_than_its_limit_unless_its_latents_are() -> None:
    preview = LinearPreview.fitted(encode, 8)
    for cells in (8, 64, 128, 200, 300):
        longest = max(preview(torch.zeros(1, 4, cells, 4)).shape)
        assert longest <= max(SIDE, cells)
        assert longest >= cells


def test_what_is_out_of_range_is_clipped() -> None:
    preview = LinearPreview.fitted(encode, 8)
    bright = preview(encode(torch.full((1, 3, 32, 32), 9.0)))
    dark = preview(encode(torch.full((1, 3, 32, 32), -9.0)))
    assert int(bright.min()) == 255
    assert int(dark.max()) == 0
