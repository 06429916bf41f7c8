"""What a candidate looks like while it forms: small, quick, RGB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from torch import Tensor

if TYPE_CHECKING:
    from engine.api import Box, Pixels
    from engine.families import Model

MAX_SIDE = 256  # clients scale previews themselves; a JPEG of more than this passes the wire's 8 KB


def previews(model: Model, x0: Tensor) -> list[Pixels]:
    """Return one RGB uint8 picture (h, w, 3) a candidate, no side over 256."""
    pictures = model.preview(x0).cpu().numpy()
    return [_small(np.ascontiguousarray(picture)) for picture in pictures]


def part(picture: Pixels, seen_canvas: Box, wanted_canvas: Box) -> Pixels:
    """Return the wanted box of a preview that shows another box, one pixel at least."""
    height, width = picture.shape[:2]
    scale_x, scale_y = width / seen_canvas.width, height / seen_canvas.height
    rows = _within(wanted_canvas.top - seen_canvas.top, wanted_canvas.height, scale_y, height)
    columns = _within(wanted_canvas.left - seen_canvas.left, wanted_canvas.width, scale_x, width)
    return np.ascontiguousarray(picture[rows, columns])


def _within(start: int, length: int, scale: float, limit: int) -> slice:
    first = min(max(round(start * scale), 0), limit - 1)
    return slice(first, max(min(round((start + length) * scale), limit), first + 1))


def _small(picture: Pixels) -> Pixels:
    height, width = picture.shape[:2]
    scale = MAX_SIDE / max(height, width)
    if scale >= 1.0:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
