"""A network run over a picture of any size, in tiles that leave no seams.

Neighbouring tiles overlap by twice as far as the network looks, and a little more: only in the
middle of what they share does one fade into the other, so that no pixel comes from where a tile's
edge is seen. Networks that look further than `MOST_REACH` see next to nothing from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

from engine.api import Pixels, Size
from engine.device import memory_guard
from engine.errors import OutOfMemoryError
from engine.shortage import give_back
from engine.upscalers.networks.reading import Enlarger

MOST_REACH = 32  # pixels; from further away an RRDBNet of 23 blocks changes no byte
FADE = 16  # pixels over which one tile becomes the next
LEAST_TILE = 64
_FADES = 2  # a tile shares no more than half its side with either neighbour


@dataclass(frozen=True, slots=True)
class Span:
    """One tile along an axis: where it begins and ends, and how much each pixel made counts."""

    start: int
    end: int
    weights: NDArray[np.float32]  # (scale * (end - start),)


def enlarged(net: Enlarger, picture: Pixels, tile: int, check: Callable[[], None]) -> Pixels:
    """Return RGB uint8 (scale * h, scale * w, C) of uint8 (h, w, C); C is what the network takes.

    Tiles are halved while they do not fit into memory; OutOfMemoryError where the least does not.
    """
    while True:
        try:
            return _in_tiles(net, picture, tile, check)
        except OutOfMemoryError:
            if tile <= LEAST_TILE:
                raise
            tile = max(LEAST_TILE, tile // 2)
        give_back()


def spans(length: int, tile: int, reach: int, scale: int, multiple: int = 1) -> list[Span]:
    """Return the tiles along an axis of `length` pixels; their weights sum to one everywhere."""
    tile = max(multiple, tile - tile % multiple)
    if tile >= length:
        return [Span(0, length, np.ones(length * scale, np.float32))]
    overlap = min(2 * reach + FADE, tile // _FADES)
    count = -(-(length - overlap) // (tile - overlap))
    cells, side = length // multiple, tile // multiple
    starts = [multiple * round(i * (cells - side) / (count - 1)) for i in range(count)]
    middles = [(start + before + tile) / 2 for before, start in pairwise(starts)]
    fade = min(FADE, max(1, overlap - 2 * reach)) if overlap > 2 * reach else min(FADE, overlap)
    return [_span(starts, middles, i, tile, fade, scale) for i in range(count)]


def _span(
    starts: list[int], middles: list[float], i: int, tile: int, fade: int, scale: int
) -> Span:
    places = starts[i] + (np.arange(tile * scale) + 0.5) / scale  # centres, in pixels of the source
    weights = np.ones(tile * scale)
    if i > 0:
        weights -= 1.0 - _risen(places, middles[i - 1], fade)
    if i < len(middles):
        weights -= _risen(places, middles[i], fade)
    return Span(starts[i], starts[i] + tile, weights.clip(0.0).astype(np.float32))


def _risen(places: NDArray, middle: float, fade: int) -> NDArray:
    return np.clip((places - middle) / fade + 0.5, 0.0, 1.0)


def _in_tiles(net: Enlarger, picture: Pixels, tile: int, check: Callable[[], None]) -> Pixels:
    height, width, channels = picture.shape
    scale, reach = net.scale, min(MOST_REACH if net.reach is None else net.reach, MOST_REACH)
    padded = _padded(picture, net.multiple)
    down = spans(padded.shape[0], tile, reach, scale, net.multiple)
    across = spans(padded.shape[1], tile, reach, scale, net.multiple)
    made = np.empty((padded.shape[0] * scale, padded.shape[1] * scale, channels), np.uint8)
    forming = np.zeros((0, made.shape[1], channels), np.float32)  # rows that are not final yet
    done = 0  # rows that are
    with torch.inference_mode():
        for i, rows in enumerate(down):
            missing = scale * rows.end - done - len(forming)
            forming = np.concatenate([forming, np.zeros((missing, *forming.shape[1:]), np.float32)])
            part = forming[scale * rows.start - done :]
            for columns, tile_made in _row(net, padded, rows, across, check):
                weights = np.outer(rows.weights, columns.weights)[..., None]
                part[:, scale * columns.start : scale * columns.end] += weights * tile_made
            final = scale * (down[i + 1].start if i + 1 < len(down) else rows.end)
            made[done:final] = np.rint(forming[: final - done].clip(0.0, 1.0) * 255.0)
            forming, done = forming[final - done :], final
    return made[: height * scale, : width * scale]


def _row(
    net: Enlarger, picture: Pixels, rows: Span, across: list[Span], check: Callable[[], None]
) -> Iterator[tuple[Span, NDArray[np.float32]]]:
    """Yield each tile of a row, enlarged: float32 (H, W, C), about in [0, 1]."""
    for columns in across:
        check()
        cut = picture[rows.start : rows.end, columns.start : columns.end]
        size = Size(cut.shape[1], cut.shape[0])
        with memory_guard(size, Size(LEAST_TILE, LEAST_TILE)), net.watch.asking(check):
            given = torch.from_numpy(np.ascontiguousarray(cut)).to(net.device).permute(2, 0, 1)
            out = net.run(given[None].to(net.dtype) / 255.0)
            yield columns, out[0].float().permute(1, 2, 0).cpu().numpy()


def _padded(picture: Pixels, multiple: int) -> Pixels:
    """Return the picture with sides that are multiples, its edges repeated at right and bottom."""
    height, width = picture.shape[:2]
    more = -height % multiple, -width % multiple
    if not any(more):
        return picture
    return np.pad(picture, ((0, more[0]), (0, more[1]), (0, 0)), mode="edge")
