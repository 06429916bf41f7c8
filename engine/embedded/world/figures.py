"""Outlines to build things of: ellipses, soft closed curves, strokes.

Points are (n, 2), x to the right and y down, in units of a thing's radius about its centre.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Piece:
    """One filled outline of one colour; several contours cut holes into each other."""

    contours: tuple[Floats, ...]
    colour: Floats  # (3,), sRGB in [0, 1]


def piece(points: Floats, colour: Floats) -> Piece:
    """Return a piece with a single contour."""
    return Piece((points,), colour)


def polygon(*points: Point) -> Floats:
    """Return a polygon's corners."""
    return np.array(points, np.float32)


def rectangle(left: float, top: float, right: float, bottom: float) -> Floats:
    """Return a rectangle's corners."""
    return polygon((left, top), (right, top), (right, bottom), (left, bottom))


@cache
def _round(count: int) -> Floats:
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1).astype(np.float32)


def ellipse(x: float, y: float, across: float, down: float, turn: float = 0.0) -> Floats:
    """Return an ellipse's outline; `turn` in degrees, clockwise."""
    points = _round(40) * np.array((across, down), np.float32)
    if turn:
        points = turned(points, turn)
    return points + np.array((x, y), np.float32)


def turned(points: Floats, degrees: float) -> Floats:
    """Return points turned clockwise about the origin."""
    a = np.deg2rad(degrees)
    return points @ np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]], np.float32)


@cache
def _spline_weights(steps: int) -> Floats:
    t = np.arange(steps, dtype=np.float32)[:, None] / steps
    return 0.5 * np.concatenate(
        [
            -t + 2 * t**2 - t**3,
            2 - 5 * t**2 + 3 * t**3,
            t + 4 * t**2 - 3 * t**3,
            -(t**2) + t**3,
        ],
        axis=1,
    )


def smooth(*points: Point, steps: int = 7) -> Floats:
    """Return a closed soft curve (Catmull-Rom) through points."""
    p = np.array(points, np.float32)
    quads = np.stack([np.roll(p, 1, 0), p, np.roll(p, -1, 0), np.roll(p, -2, 0)], axis=1)
    return np.einsum("sk,nkc->nsc", _spline_weights(steps), quads).reshape(-1, 2)


def line(*points: Point, steps: int = 7) -> Floats:
    """Return an open soft curve through points, from the first to the last."""
    p = np.array((points[0], *points, points[-1]), np.float32)
    quads = np.stack([p[:-3], p[1:-2], p[2:-1], p[3:]], axis=1)
    curve = np.einsum("sk,nkc->nsc", _spline_weights(steps), quads).reshape(-1, 2)
    return np.concatenate([curve, p[-1:]])


def stroke(curve: Floats, width: float, end_width: float | None = None) -> Floats:
    """Return the outline of a curve drawn with a brush, which may become thinner."""
    step = np.gradient(curve, axis=0)
    normal = np.stack([-step[:, 1], step[:, 0]], axis=-1)
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-6)
    last = width if end_width is None else end_width
    half = np.linspace(width, last, len(curve), dtype=np.float32)[:, None] / 2
    return np.concatenate([curve + normal * half, (curve - normal * half)[::-1]])


def strokes(curve: Sequence[Point], width: float) -> Floats:
    """Return the outline of straight lines through points."""
    return stroke(np.array(curve, np.float32), width)
