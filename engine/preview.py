"""What a candidate looks like while it forms: small, quick, RGB."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np
from torch import Tensor

if TYPE_CHECKING:
    from engine.api import Box, Pixels
    from engine.families import Model

Show = Callable[["Tensor"], "Tensor"]
QUICK_S = 0.012  # seconds that a decoder may take for a picture; a linear map takes a hundredth
TRIES = 3
MAX_SIDE = 256  # clients scale previews themselves; a JPEG of more than this passes the wire's 8 KB


def previews(model: Model, x0: Tensor) -> list[Pixels]:
    """Return one RGB uint8 picture (h, w, 3) a candidate, no side over 256."""
    pictures = model.preview(x0).cpu().numpy()
    return [_small(np.ascontiguousarray(picture)) for picture in pictures]


class Previewer:
    """Shows latents by a linear map at once, and by a tiny decoder where that proves quick here.

    Both take latents (N, C, h, w) and give uint8 RGB (N, h', w', 3). The decoder is tried on the
    steps after the first, a few times, as its first run has more to do than to decode; what it took
    decides, and `choice` and `seconds` (a picture's, the best) say so afterwards.
    """

    def __init__(
        self,
        linear: Show,
        decoder: Show | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._linear, self._decoder, self._clock = linear, decoder, clock
        self.choice: Literal["linear", "decoder"] | None = None if decoder else "linear"
        self.seconds = math.inf
        self._tries = 0

    def __call__(self, x0: Tensor) -> Tensor:
        """Return previews in main memory."""
        first, self._tries = self._tries == 0, self._tries + 1
        if first or self.choice == "linear" or self._decoder is None:
            return self._linear(x0).cpu()
        if self.choice == "decoder":
            return self._decoder(x0).cpu()
        began = self._clock()
        shown = self._decoder(x0).cpu()  # a device has finished when its result is here
        self.seconds = min(self.seconds, (self._clock() - began) / len(x0))
        if self.seconds <= QUICK_S:
            self.choice = "decoder"
        elif self._tries > TRIES:
            self.choice = "linear"
        return shown


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
