"""What a colour is called: the nearest of many shades, as every manner of painting leaves them."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.embedded.world.palette import COLOURS, shade

Floats = NDArray[np.floating]
_SHADES = 60  # of every name
_PAPER = np.array((0.988, 0.976, 0.945), np.float32)  # of watercolour
_CREAM = np.array((0.973, 0.949, 0.886), np.float32)  # of ink
_BROWN = np.array((0.46, 0.42, 0.385), np.float32)  # of pastel
_NEAREST = 7


def lab(rgb: Floats) -> NDArray[np.float32]:
    """Return sRGB colours (..., 3) in [0, 1] as CIE Lab (..., 3)."""
    flat = np.ascontiguousarray(rgb, np.float32).reshape(1, -1, 3)
    return cv2.cvtColor(flat, cv2.COLOR_RGB2LAB).reshape(rgb.shape).astype(np.float32)


def colour_name(colour: Floats) -> str:
    """Return the name of a colour in Lab (3,): that of most of the nearest shades."""
    shades, names = _bank()
    near = np.argpartition(np.linalg.norm(shades - colour, axis=-1), _NEAREST)[:_NEAREST]
    return COLOURS[int(np.bincount(names[near], minlength=len(COLOURS)).argmax())]


@cache
def _bank() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return shades in Lab (n, 3) and the numbers of their names (n,)."""
    rng = np.random.default_rng(0)
    plain = np.array([[shade(name, rng) for _ in range(_SHADES)] for name in COLOURS])
    ways = [
        plain,
        *(_PAPER * (1 - (1 - plain) * density) for density in (0.8, 0.92, 1.04)),
        _CREAM * (1 - (1 - plain) * 0.86),
        *((plain * 0.94 + 0.045) * share + _BROWN * (1 - share) for share in (0.95, 0.88)),
        np.clip(plain + (plain - plain @ np.full((3, 1), 1 / 3)) * 0.12, 0, 1),
    ]
    shades = lab(np.concatenate(ways, axis=1).astype(np.float32))
    names = np.repeat(np.arange(len(COLOURS)), shades.shape[1])
    return shades.reshape(-1, 3), names
