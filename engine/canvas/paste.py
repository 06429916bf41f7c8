"""How paint reaches the canvas: exactly where the paste mask says, and nowhere else.

The rule of the house: where the paste mask is 0 the canvas keeps its byte, colour under
transparency included; where it is 255 it has the paint's; between, integer arithmetic mixes them.
"""

from __future__ import annotations

from enum import Enum

import cv2
import numpy as np

from engine.api import Box, Pixels


class Alpha(Enum):
    """What becomes of the canvas's transparency under the paint."""

    OVER = "over"  # paint is opaque and laid over: alpha becomes the lerp of alpha to 255
    KEEP = "keep"  # the picture's own shape stays: only colour is painted (refining a cut-out)


def patch(paint: Pixels, mask: Pixels) -> Pixels:
    """Return RGB paint (h, w, 3) as RGBA whose alpha is the paste mask (h, w)."""
    return np.dstack((paint, mask))


def merged(canvas: Pixels, patch_rgba: Pixels, box_canvas: Box, alpha: Alpha) -> Pixels:
    """Return a copy of an RGBA canvas with a patch laid in at a box inside it.

    Every byte where the patch's alpha is 0 is the canvas's. With `Alpha.OVER` colours mix by what
    each covers (the paint p of mask m over a pixel of alpha a: (p m + c a (1 - m)) / (m + a (1 -
    m))), so that the colour hidden under a transparent pixel tints nothing. With `Alpha.KEEP` any
    paint replaces the colour and alpha stays.
    """
    result = canvas.copy()
    window = result[box_canvas.top : box_canvas.bottom, box_canvas.left : box_canvas.right]
    mask = np.ascontiguousarray(patch_rgba[..., 3])
    paint = patch_rgba.copy()
    if alpha is Alpha.KEEP:
        paint[..., 3] = window[..., 3]
        _copy(paint, mask, window)
        return result
    paint[..., 3] = 255
    _copy(paint, _between(mask, 255, 255), window)
    soft = _between(mask, 1, 254)
    if soft.any():
        for start in range(
            0, mask.shape[0], 256
        ):  # in bands: a large soft mask takes little memory
            band = slice(start, start + 256)
            _mix(window[band], paint[band], mask[band], soft[band] > 0)
    return result


def _copy(source: Pixels, mask: Pixels, target: Pixels) -> None:
    """Write source into target, a view of the canvas, where the mask is not 0."""
    kept = np.ascontiguousarray(target)
    cv2.copyTo(source, mask, kept)
    target[...] = kept


def _between(mask: Pixels, lowest: int, highest: int) -> Pixels:
    """Return 255 where a mask lies between two values, both included, 0 elsewhere."""
    return np.where((mask >= lowest) & (mask <= highest), np.uint8(255), np.uint8(0))


def _mix(target: Pixels, paint: Pixels, mask: Pixels, where: np.ndarray) -> None:
    """Lay paint over target (views, RGBA) where asked, in integers, rounding to nearest."""
    if not where.any():
        return
    m = mask[where].astype(np.int64)[:, None]
    under, over = target[where].astype(np.int64), paint[where].astype(np.int64)
    share_over, share_under = m * 255, under[:, 3:] * (255 - m)
    total = share_over + share_under  # alpha times 255; at least 255, for m is at least 1
    colour = (over[:, :3] * share_over + under[:, :3] * share_under + total // 2) // total
    alpha = (total + 127) // 255
    target[where] = np.hstack((colour, alpha)).astype(np.uint8)
