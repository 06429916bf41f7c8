"""Any size reached with a network that knows one factor alone."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from engine.api import Pixels, Size
from engine.residency.memory import free_bytes
from engine.upscalers.networks.colours import with_alpha
from engine.upscalers.networks.reading import Enlarger
from engine.upscalers.networks.tiling import LEAST_TILE, enlarged
from engine.upscalers.resampling import lanczos

MOST_TILE = {"cpu": 256}  # on others MOST_TILE_ELSEWHERE; caches like small tiles, GPUs large ones
MOST_TILE_ELSEWHERE = 768
SHARE = 0.5  # of the free memory that a tile may take
FOREIGN_COST = 64 * 1024  # bytes a pixel of a network of which nothing is known


def reached(
    net: Enlarger, picture: Pixels, size: Size, check: Callable[[], None] = lambda: None
) -> Pixels:
    """Return RGBA uint8 of exactly this size; `check` is called often, and may raise.

    The network runs as long as the picture is smaller than asked; before it would overshoot, the
    picture is made as small as the last run needs it. What is then too large is averaged down.
    """
    while True:
        picture = with_alpha(picture, net.channels, lambda one: _run(net, one, check))
        height, width = picture.shape[:2]
        if net.scale == 1 or (width >= size.width and height >= size.height):
            return _sized(picture, size)
        need = Size(-(-size.width // net.scale), -(-size.height // net.scale))
        if need.width < width and need.height < height:
            picture = _sized(picture, need)


def tile_for(net: Enlarger, free: int) -> int:
    """Return the side of tiles that take no more than their share of so many free bytes."""
    side = MOST_TILE.get(net.device, MOST_TILE_ELSEWHERE)
    while side > LEAST_TILE and side * side * (net.cost or FOREIGN_COST) > SHARE * free:
        side //= 2
    return max(side, LEAST_TILE)


def _run(net: Enlarger, picture: Pixels, check: Callable[[], None]) -> Pixels:
    return enlarged(net, picture, tile_for(net, free_bytes(net.device)), check)


def _sized(picture: Pixels, size: Size) -> Pixels:
    """Return the picture scaled; alpha weighs its colour, as under transparency it counts not."""
    height, width = picture.shape[:2]
    if (width, height) == (size.width, size.height):
        return picture
    if width < size.width or height < size.height:
        return lanczos(picture, size)
    alpha = picture[..., 3:].astype(np.float32)
    thick = np.dstack((picture[..., :3] * np.maximum(alpha, 1e-3), alpha))
    small = cv2.resize(thick, (size.width, size.height), interpolation=cv2.INTER_AREA)
    colour = small[..., :3] / np.maximum(small[..., 3:], 1e-3)
    return np.rint(np.dstack((colour, small[..., 3:])).clip(0, 255)).astype(np.uint8)
