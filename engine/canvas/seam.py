"""Paint that meets the canvas: at the selection's edge it takes the canvas's level.

The model acts a little beyond the selection, where its paint never reaches the canvas. What it
painted there, against what the canvas shows there, is the step that would be seen at the edge: the
smoothest surface through those steps is added to the paint (Perez et al. 2003, "Poisson Image
Editing"). Paint keeps its own slopes, an object its contrast, and where the model painted what is
there already nothing is added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.api import Pixels, Size
from engine.canvas.prefill import membrane

Floats = NDArray[Any]  # float32; OpenCV's stubs do not carry the type
RING = 6.0  # working pixels outside the selection in which paint and canvas are compared
LARGEST = 256  # the surface is smooth, so it is computed at no more than this and enlarged
SMOOTH = 2.0  # sigma by which single pixels are averaged before they are compared


@dataclass(frozen=True, slots=True)
class Edge:
    """How much paint is bent to meet the canvas; small models need more of it."""

    largest_step: float = 24.0  # grey levels; beyond that it is not a shift but another picture
    fade: float = 0.0  # share of the way to the selection's middle over which paint takes over


def met(painted: Pixels, known: Pixels, distance: Floats, opaque: Floats, edge: Edge) -> Pixels:
    """Return RGB paint (h, w, 3) that goes on where the canvas ends.

    `known` is the canvas at working size, `distance` (h, w) how far each pixel is from the
    selection, `opaque` (h, w) 1 where the canvas can be seen: steps are measured nowhere else.
    `known` inside the selection is what it was filled with: there paint fades in from it.
    """
    ring = ((distance > 0.0) & (distance <= RING) & (opaque >= 1.0)).astype(np.float32)
    if not ring.any() or not (distance <= 0.0).any():
        return painted
    steps = np.clip(
        _averaged(known.astype(np.float32) - painted, ring), -edge.largest_step, edge.largest_step
    )
    result = painted + _surface(steps, ring)
    if edge.fade > 0.0:
        result = known + (result - known) * _taking_over(distance <= 0.0, edge.fade)
    return np.clip(np.rint(result), 0, 255).astype(np.uint8)


def _taking_over(selected: Floats, fade: float) -> Floats:
    """Return how much paint shows (h, w, 1): 0 at the selection's edge, 1 well inside."""
    depth = cv2.distanceTransform(selected.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    share = np.clip(depth / (fade * float(depth.max())), 0.0, 1.0)
    return (share * share * (3.0 - 2.0 * share))[..., None]


def _averaged(steps: Floats, ring: Floats) -> Floats:
    """Return steps (h, w, 3) averaged among those of the ring alone."""
    summed = cv2.GaussianBlur(steps * ring[..., None], (0, 0), SMOOTH)
    counted = cv2.GaussianBlur(ring, (0, 0), SMOOTH)
    return summed / np.maximum(counted, 1e-4)[..., None]


def _surface(steps: Floats, ring: Floats) -> Floats:
    """Return the smoothest surface (h, w, 3) through the steps of the ring."""
    height, width = ring.shape
    shrink = min(1.0, LARGEST / max(height, width))
    if shrink == 1.0:
        return membrane(steps, ring)
    size = Size(max(1, round(width * shrink)), max(1, round(height * shrink)))
    weights = cv2.resize(ring, (size.width, size.height), interpolation=cv2.INTER_AREA)
    summed = cv2.resize(
        steps * ring[..., None], (size.width, size.height), interpolation=cv2.INTER_AREA
    )
    small = membrane(
        summed / np.maximum(weights, 1e-6)[..., None], (weights > 0).astype(np.float32)
    )
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
