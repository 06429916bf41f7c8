"""The two masks: where the model may act, and what reaches the canvas.

The *denoise* mask reaches past the selection, so that the model can join its paint to what is
there. The *paste* mask never does, unless the painter asks for a soft edge. Keeping them apart is
what lets the promise hold that nothing outside the selection changes.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.api import Box, Pixels, Size
from engine.canvas.spaces import evenly_resized

FloatMask = NDArray[Any]  # float32; OpenCV's stubs do not carry the type
COVERED = 1e-4  # of a pixel: less is the resampling's rounding


def bounds(mask: Pixels) -> Box | None:
    """Return the smallest box with every nonzero pixel of a mask (H, W); None: it is empty."""
    rows = np.flatnonzero(mask.any(axis=1))
    if rows.size == 0:
        return None
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(mask[top:bottom].any(axis=0))
    left, right = int(columns[0]), int(columns[-1]) + 1
    return Box(left, top, right - left, bottom - top)


def paste_mask(selection: Pixels, soft_edge: int = 0) -> Pixels:
    """Return what of the paint reaches the canvas, from a selection (H, W); 0 keeps the byte.

    Without a soft edge this is the selection itself, soft values included. With one, paint fades
    out over that many pixels beyond the selected ones and is exactly 0 from there on.
    """
    mask = selection.copy()
    box = bounds(selection)
    if soft_edge == 0 or box is None:
        return mask
    height, width = selection.shape
    rows = slice(max(box.top - soft_edge, 0), min(box.bottom + soft_edge, height))
    columns = slice(max(box.left - soft_edge, 0), min(box.right + soft_edge, width))
    near = selection[rows, columns]
    distance = _distance_to(near > 0)
    # +1: the first pixel outside is one away, and must not be nothing with an edge of one pixel.
    ramp = np.clip(1.0 - distance / (soft_edge + 1), 0.0, 1.0)
    faded = np.rint(ramp * _nearest_value(near)).astype(np.uint8)
    faded[distance > soft_edge] = 0
    mask[rows, columns] = np.maximum(faded, near)
    return mask


def distance_from(selection: Pixels, size: Size) -> FloatMask:
    """Return each pixel's distance (h, w) from a selection's strong part, in pixels of `size`.

    Strong is what is at least half as strong as the strongest: a faint border is left to its own
    values. A selected pixel that vanishes when shrunk still counts: its whole cell is at distance
    0.
    """
    strong = selection.astype(np.uint16) * 2 >= max(int(selection.max()), 1)
    covered = evenly_resized(strong.astype(np.float32), size) > COVERED
    # The coarser metric: within 2 % of the exact one, several times faster on large sizes.
    return _distance_to(covered, cv2.DIST_MASK_5)


def denoise_mask(selection: Pixels, distance: FloatMask, grow: float, feather: float) -> FloatMask:
    """Return where the model may act, float32 (h, w) in [0, 1], from a selection (H, W).

    `distance` (h, w) is `distance_from` it, at the size wanted. 1 in the selection and `grow`
    around it, then falling to 0 over `feather`, both in pixels of that size. Where the selection is
    soft its faint border acts as its values say, relative to its strongest: there the model stays
    close to what is kept, and old and new do not show through each other as two pictures.
    """
    strongest = int(selection.max(initial=0))
    if strongest == 0:
        return np.zeros_like(distance)
    ramp = np.clip(1.0 - (distance - grow) / max(feather, 1.0), 0.0, 1.0)
    size = Size(distance.shape[1], distance.shape[0])
    soft = evenly_resized(selection.astype(np.float32) / strongest, size)
    return np.maximum(ramp, soft).astype(np.float32)


def _distance_to(selected: NDArray[np.bool_], metric: int = cv2.DIST_MASK_PRECISE) -> FloatMask:
    """Return each pixel's distance to the nearest selected one, 0 there; at least one must be."""
    return cv2.distanceTransform((~selected).astype(np.uint8), cv2.DIST_L2, metric)


def _nearest_value(selection: Pixels) -> FloatMask:
    """Return for each pixel the value of the selected pixel nearest to it."""
    if selection.min() > 0:
        return selection.astype(np.float32)
    _, labels = cv2.distanceTransformWithLabels(
        (selection == 0).astype(np.uint8),
        cv2.DIST_L2,
        cv2.DIST_MASK_5,
        labelType=cv2.DIST_LABEL_PIXEL,
    )
    selected = selection > 0
    values = np.zeros(int(labels.max()) + 1, np.float32)
    values[labels[selected]] = selection[selected]
    return values[labels]
