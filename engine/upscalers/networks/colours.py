"""Transparency brought through networks that know of none, and channels they take or lack."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.api import Pixels

Enlarge = Callable[[Pixels], Pixels]  # (h, w, C) to (s h, s w, C), uint8
_OPAQUE = 255


def with_alpha(picture: Pixels, channels: int, enlarge: Enlarge) -> Pixels:
    """Return RGBA uint8 (s h, s w, 4) of straight RGBA uint8 (h, w, 4).

    `enlarge` takes pictures of that many channels. Colour is continued under transparency first, so
    that the network sees no edge where only opacity has one; opacity is enlarged as a grey picture.
    """
    if channels == 4:
        return enlarge(picture)
    alpha = picture[..., 3]
    if alpha.min() == _OPAQUE:
        colour = _coloured(picture[..., :3], channels, enlarge)
        return np.dstack((colour, np.full(colour.shape[:2], _OPAQUE, np.uint8)))
    colour = _coloured(continued(picture[..., :3], alpha), channels, enlarge)
    return np.dstack((colour, _opacity(alpha, channels, enlarge)))


def continued(colour: Pixels, alpha: Pixels) -> Pixels:
    """Return RGB where what is wholly transparent takes its colour from what is not.

    By a pyramid of ever smaller pictures, each the mean of what is known in four pixels.
    """
    weight = alpha.astype(np.float32) / _OPAQUE
    known = _filled(colour.astype(np.float32) * weight[..., None], weight)
    return np.where(alpha[..., None] > 0, colour, np.rint(known).astype(np.uint8))


def _filled(thick: NDArray, weight: NDArray) -> NDArray:
    """Return colour (h, w, 3) everywhere of colour times weight and weight (h, w)."""
    here = thick / np.maximum(weight, 1e-6)[..., None]
    height, width = weight.shape
    if weight.min() > 0.0 or max(height, width) == 1:
        return here
    half = (-(-width // 2), -(-height // 2))
    smaller = _filled(*(cv2.resize(p, half, interpolation=cv2.INTER_AREA) for p in (thick, weight)))
    behind = cv2.resize(smaller, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(weight[..., None] > 0.0, here, behind)


def _coloured(colour: Pixels, channels: int, enlarge: Enlarge) -> Pixels:
    if channels == 3:
        return enlarge(np.ascontiguousarray(colour))
    return np.dstack([enlarge(np.ascontiguousarray(colour[..., i : i + 1])) for i in range(3)])


def _opacity(alpha: Pixels, channels: int, enlarge: Enlarge) -> Pixels:
    """Return opacity enlarged; what is wholly opaque or clear and surrounded by it stays so."""
    grey = enlarge(np.ascontiguousarray(np.repeat(alpha[..., None], channels, axis=2)))
    made = np.rint(grey.mean(axis=2)).astype(np.uint8)
    size = made.shape[1], made.shape[0]
    around = np.ones((3, 3), np.uint8)

    def grown(extreme: NDArray) -> NDArray:
        return cv2.resize(extreme, size, interpolation=cv2.INTER_NEAREST_EXACT)

    made[grown(cv2.erode(alpha, around)) == _OPAQUE] = _OPAQUE
    made[grown(cv2.dilate(alpha, around)) == 0] = 0
    return made
