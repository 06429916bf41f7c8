"""Fields of numbers over a picture: gradients, clouds of noise, distances. What paint is mixed by.

Coordinates are in units of the picture's height: y runs from 0 to 1, x from 0 to width / height.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def mesh(height: int, width: int) -> tuple[Floats, Floats]:
    """Return x and y of every pixel's centre."""
    y = (np.arange(height, dtype=np.float32) + 0.5) / height
    x = (np.arange(width, dtype=np.float32) + 0.5) / height
    return np.broadcast_to(x, (height, width)), np.broadcast_to(y[:, None], (height, width))


def fbm(
    shape: tuple[int, int],
    rng: np.random.Generator,
    *,
    cells: tuple[float, float] = (4.0, 4.0),
    octaves: int = 4,
    gain: float = 0.5,
) -> Floats:
    """Return fractal noise in about [0, 1]; `cells` is how many lumps there are down and across.

    The same at every size, save that lumps finer than a pixel are left out.
    """
    height, width = shape
    own = np.random.Generator(np.random.SFC64(int(rng.integers(1 << 62))))
    total = np.zeros(shape, np.float32)
    weight, norm = 1.0, 0.0
    for octave in range(octaves):
        rows = max(2, round(cells[0] * 2**octave)) + 2
        columns = max(2, round(cells[1] * 2**octave * width / height)) + 2
        norm += weight
        if rows <= 1.5 * height and columns <= 1.5 * width:
            lumps = own.random((rows, columns), dtype=np.float32) - 0.5
            total += weight * cv2.resize(lumps, (width, height), interpolation=cv2.INTER_CUBIC)
        weight *= gain
    return np.clip(total * (1.6 / norm) + 0.5, 0, 1)


def grain(shape: tuple[int, int], rng: np.random.Generator, cells: int = 256) -> Floats:
    """Return noise of fixed fineness about 0, of deviation 1; averaged where it is too fine."""
    height, width = shape
    across = max(2, round(cells * width / height))
    own = np.random.Generator(np.random.SFC64(int(rng.integers(1 << 62))))
    fine = own.standard_normal((cells, across), dtype=np.float32)
    way = cv2.INTER_AREA if height < cells else cv2.INTER_LINEAR
    return cv2.resize(fine, (width, height), interpolation=way).astype(np.float32)


def gradient(t: Floats, stops: Sequence[Floats], places: tuple[float, ...]) -> Floats:
    """Return colours (..., 3) along t, with `stops` at `places` and smooth between."""
    steps = np.linspace(0, 1, 1024, dtype=np.float32)
    table = np.stack([np.interp(steps, places, [stop[c] for stop in stops]) for c in range(3)], -1)
    return table.astype(np.float32)[np.clip(t * 1023 + 0.5, 0, 1023).astype(np.int32)]


def smoothstep(low: float, high: float, x: Floats) -> Floats:
    """Return 0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def blend(ground: Floats, colour: Floats, coverage: Floats) -> Floats:
    """Return `colour` laid over `ground` with a coverage in [0, 1] of shape (H, W)."""
    return ground + (colour - ground) * coverage[..., None]


def screen(ground: Floats, light: Floats, strength: Floats) -> Floats:
    """Return `ground` lit by `light`: never over 1, brightest where both are."""
    return 1 - (1 - ground) * (1 - light * strength[..., None])


def blurred(field: Floats, sigma_px: float) -> Floats:
    """Return a field softened by a Gaussian."""
    if sigma_px < 0.3:
        return field
    soft = cv2.GaussianBlur(field, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT_101)
    return soft.astype(np.float32)
