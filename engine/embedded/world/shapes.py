"""The eight plain shapes as coverage masks: the smallest things a prompt can ask for."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
SHAPES: tuple[str, ...] = (
    "circle",
    "square",
    "triangle",
    "star",
    "heart",
    "ring",
    "cross",
    "hexagon",
)
RING_HOLE = 0.58
_FRACTION_BITS = 6


def _regular(corners: int, turn: float = -90.0) -> Floats:
    angles = np.deg2rad(turn + np.arange(corners) * 360 / corners)
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1).astype(np.float32)


def _star() -> Floats:
    angles = np.deg2rad(-90 + np.arange(10) * 36)
    radii = np.where(np.arange(10) % 2 == 0, 1.06, 0.45)
    return np.stack([np.cos(angles) * radii, np.sin(angles) * radii + 0.06], axis=-1)


def _heart() -> Floats:
    t = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return np.stack([x / 16.5, (y - 2.55) / 16.5], axis=-1)


def _cross(arm: float = 0.34) -> Floats:
    a = arm
    right = [(-a, -1), (a, -1), (a, -a), (1, -a), (1, a), (a, a)]
    left = [(-x, -y) for x, y in right]
    return np.array(right + left, dtype=np.float32)


@cache
def outline(shape: str) -> Floats:
    """Return the corners (n, 2) of a shape about the origin, of radius about 1."""
    if shape in ("circle", "ring"):
        return _regular(96)
    if shape == "square":
        return _regular(4, -45.0) * 1.2
    if shape == "triangle":
        return _regular(3) * 1.15 + np.array([0, 0.29], np.float32)
    if shape == "star":
        return _star()
    if shape == "heart":
        return _heart()
    return _cross() if shape == "cross" else _regular(6, 0.0)


def filled(size: tuple[int, int], corners_px: Floats) -> Floats:
    """Return the coverage (H, W) of a polygon given in pixels."""
    mask = np.zeros(size, np.uint8)
    fixed = np.round(corners_px * 2**_FRACTION_BITS).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 255, cv2.LINE_AA, _FRACTION_BITS)
    return mask.astype(np.float32) / 255


def coverage(
    shape: str, size: tuple[int, int], centre: tuple[float, float], radius: float, turn: float
) -> Floats:
    """Return a shape's coverage (H, W); centre and radius in units of height, `turn` in degrees."""
    height = size[0]
    angle = np.deg2rad(turn)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = outline(shape) @ rotation.T * radius + np.array(centre)
    mask = filled(size, (corners * height - 0.5).astype(np.float32))
    if shape == "ring":
        inner = outline("circle") * radius * RING_HOLE + np.array(centre)
        mask = mask * (1 - filled(size, (inner * height - 0.5).astype(np.float32)))
    return mask
