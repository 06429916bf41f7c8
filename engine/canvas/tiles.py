"""Overlapping tiles for a second pass over a large picture; their weights sum to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.api import Box, Pixels, Size


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile: where it lies (working space of the whole), how much each pixel counts."""

    box: Box
    weights: NDArray[
        np.float32
    ]  # (h, w) of the box, in (0, 1]; over all tiles they sum to 1 per pixel


def tiles(size: Size, tile: Size, overlap: int) -> list[Tile]:
    """Return tiles that cover a size, row by row, neighbours sharing at least `overlap` pixels.

    All have the tile's size, cut to `size` where that is smaller; `overlap` is cut to half a tile.
    Where tiles overlap their weights fade linearly into each other.
    """
    columns = _spans(size.width, tile.width, overlap)
    rows = _spans(size.height, tile.height, overlap)
    return [
        Tile(Box(left, top, width, height), np.outer(down, across))
        for top, height, down in rows
        for left, width, across in columns
    ]


def assembled(size: Size, parts: Sequence[tuple[Tile, Pixels]]) -> Pixels:
    """Return the picture (h, w, C) that painted tiles make, mixed by their weights."""
    channels = parts[0][1].shape[2]
    summed = np.zeros((size.height, size.width, channels), np.float32)
    for tile, pixels in parts:
        box = tile.box
        summed[box.top : box.bottom, box.left : box.right] += pixels * tile.weights[..., None]
    return np.clip(np.rint(summed), 0, 255).astype(np.uint8)


def _spans(length: int, tile: int, overlap: int) -> list[tuple[int, int, NDArray[np.float32]]]:
    """Return (start, length, weights) of the tiles along one axis, evenly spread."""
    if tile >= length:
        return [(0, length, np.ones(length, np.float32))]
    overlap = min(overlap, tile // 2)
    count = -(-(length - overlap) // (tile - overlap))
    starts = [round(i * (length - tile) / (count - 1)) for i in range(count)]
    raw = []
    for i, start in enumerate(starts):
        ramp = np.ones(tile)
        if i > 0:
            _fade(ramp, starts[i - 1] + tile - start)
        if i < count - 1:
            _fade(ramp[::-1], start + tile - starts[i + 1])
        raw.append(ramp)
    total = np.zeros(length)
    for start, ramp in zip(starts, raw, strict=True):
        total[start : start + tile] += ramp
    return [
        (start, tile, (ramp / total[start : start + tile]).astype(np.float32))
        for start, ramp in zip(starts, raw, strict=True)
    ]


def _fade(ramp: NDArray[np.float64], shared: int) -> None:
    """Multiply the start of a ramp, in place, by a linear fade that is never quite 0."""
    ramp[:shared] *= (np.arange(shared) + 0.5) / shared
