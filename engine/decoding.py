"""Decoding a picture in overlapping tiles, for when its whole does not fit into memory."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from engine.api import Size
from engine.canvas.tiles import tiles
from engine.families import Model

_OVERLAP = 4  # tiles share a quarter of their side


def decoded_in_tiles(
    model: Model, x0: Tensor, working: Size, tile: int, check: Callable[[], None]
) -> Tensor:
    """Return pictures (N, 3, H, W) in [-1, 1] of latents (N, C, h, w), decoded part by part.

    `tile` is in working pixels. Neighbours fade into each other, so that no seam shows where the
    decoder sees the edge of a tile.
    """
    rows, columns = x0.shape[-2:]
    factor = working.width // columns
    cells = max(1, tile // factor)
    pictures = x0.new_zeros(len(x0), 3, rows * factor, columns * factor)
    covered = x0.new_zeros(1, 1, *pictures.shape[-2:])
    for part in tiles(Size(columns, rows), Size(cells, cells), cells // _OVERLAP):
        check()
        box = part.box
        latents = x0[:, :, box.top : box.bottom, box.left : box.right]
        size = Size(box.width * factor, box.height * factor)
        decoded = model.decode(latents, size, check)
        weight = torch.from_numpy(part.weights).to(decoded)[None, None]
        weight = interpolate(weight, (size.height, size.width), mode="bilinear")
        down = slice(box.top * factor, box.bottom * factor)
        across = slice(box.left * factor, box.right * factor)
        pictures[:, :, down, across] += weight * decoded
        covered[:, :, down, across] += weight
    return (pictures / covered)[:, :, : working.height, : working.width].clamp(-1.0, 1.0)
