"""Selections as painters make them, on the grid of latents: what the decoder learns to fill.

A whole picture, a box or an ellipse about the things that the prompt names, loose blobs, strips
beyond an old edge. Holes are at least as large as their shape: a latent that is touched belongs
to the hole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.embedded.world import Scene, Thing
from engine.embedded.world.fields import fbm
from engine.embedded.world.scenes import pick

HoleKind = Literal["whole", "object", "blob", "strip"]
Floats = NDArray[np.floating]
KINDS: tuple[HoleKind, ...] = ("whole", "object", "blob", "strip")


@dataclass(frozen=True, slots=True)
class Hole:
    """One hole: 1 = paint, (h, w), and why it is there."""

    kind: HoleKind
    mask: Floats
    hidden: tuple[Thing, ...]  # things that are told together, of which it hides much


def _cells(h: int, w: int) -> tuple[Floats, Floats]:
    """Return x and y of the cells' centres in units of the height."""
    y = (np.arange(h, dtype=np.float32) + 0.5) / h
    x = (np.arange(w, dtype=np.float32) + 0.5) / h
    return np.broadcast_to(x, (h, w)), np.broadcast_to(y[:, None], (h, w))


def _around(group: tuple[Thing, ...], h: int, w: int, rng: np.random.Generator) -> Floats:
    """Return a box or an ellipse that holds some things, off their middle as selections are."""
    x, y = _cells(h, w)
    boxes, spare = [thing.box for thing in group], rng.uniform(0.02, 0.16, 4)
    left, right = min(b.left for b in boxes) - spare[0], max(b.right for b in boxes) + spare[1]
    top, bottom = min(b.top for b in boxes) - spare[2], max(b.bottom for b in boxes) + spare[3]
    half = 0.5 / h
    if rng.random() < 0.35:
        across, down = (right - left) / 2 * 1.2 + half, (bottom - top) / 2 * 1.2 + half
        u, v = (x - (left + right) / 2) / across, (y - (top + bottom) / 2) / down
        return (u * u + v * v < 1).astype(np.float32)
    inside = (x > left - half) & (x < right + half) & (y > top - half) & (y < bottom + half)
    return inside.astype(np.float32)


def _blob(h: int, w: int, rng: np.random.Generator) -> Floats:
    if rng.random() < 0.5:
        field = fbm((h, w), rng, cells=(1.5, 1.5), octaves=2)
        return (field > np.quantile(field, rng.uniform(0.45, 0.8))).astype(np.float32)
    mask = np.zeros((h, w), np.float32)
    rows, columns = int(rng.integers(h // 4, h - 2)), int(rng.integers(w // 4, w - 2))
    top, left = int(rng.integers(0, h - rows + 1)), int(rng.integers(0, w - columns + 1))
    mask[top : top + rows, left : left + columns] = 1
    return mask


def _strip(h: int, w: int, rng: np.random.Generator) -> Floats:
    mask = np.zeros((h, w), np.float32)
    side = int(rng.integers(6))
    deep = int(rng.integers(2, (w if side % 2 == 0 or side > 3 else h) * 2 // 3))
    if side == 0:
        mask[:, :deep] = 1
    elif side == 1:
        mask[:deep] = 1
    elif side == 2:
        mask[:, -deep:] = 1
    elif side == 3:
        mask[-deep:] = 1
    else:
        mask[:, : deep // 2 + 1] = 1
        mask[:, -(deep // 2 + 1) :] = 1
    return mask


def _hides(group: tuple[Thing, ...], mask: Floats) -> bool:
    """Say whether a hole hides much of the first of some things."""
    x, y = _cells(*mask.shape)
    box = group[0].box
    body = (x > box.left) & (x < box.right) & (y > box.top) & (y < box.bottom)
    return bool(body.any()) and float(mask[body].mean()) > 0.3


def hole(scene: Scene, h: int, w: int, rng: np.random.Generator) -> Hole:
    """Return a hole for a scene on a grid of h by w latents."""
    weights = (0.5, 0.32, 0.06, 0.12) if scene.has_object else (0.45, 0.0, 0.22, 0.33)
    kind = pick(rng, KINDS, weights)
    group = pick(rng, scene.groups) if scene.has_object else ()
    if kind == "whole":
        mask = np.ones((h, w), np.float32)
    elif kind == "object":
        mask = _around(group, h, w, rng)
    else:
        mask = _blob(h, w, rng) if kind == "blob" else _strip(h, w, rng)
    return Hole(kind, mask, group if group and _hides(group, mask) else ())
