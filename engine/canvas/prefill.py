"""What a hole is filled with before the model paints it.

A model that starts from, or is shown, a plausible ground keeps its light and colour. A hole is
filled with the smoothest surface through its border (a membrane: a gradient sky goes on as the same
gradient), into which the structure that reaches across a small hole is drawn. Paint beyond an edge
continues the picture mirrored, growing softer with distance.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.api import Box, Pixels

Floats = NDArray[Any]  # float32; OpenCV's stubs do not carry the type
COARSEST = 4  # pixels; where the pyramid ends
LARGEST = 512  # a fill is smooth, so it is computed at no more than this and enlarged
STRUCTURE = 160  # longest side at which structure is carried across a hole
STRUCTURE_REACH = 0.12  # of that; how far from what is known structure is believed
RELAXATIONS = 12
MIDDLE_GREY = 127.0


def filled(picture: Pixels, known: Floats) -> Pixels:
    """Return an RGB picture (h, w, 3) with what is not known filled from its surroundings.

    `known` is float32 (h, w) in [0, 1]: 1 keeps the pixel exactly, 0 replaces it, values between
    mix (a half transparent pixel is half known). With nothing known the result is middle grey.
    """
    if known.min() >= 1.0:
        return picture
    if known.max() <= 0.0:
        return np.full_like(picture, MIDDLE_GREY)
    height, width = known.shape
    shrink = min(1.0, LARGEST / max(height, width))
    small_size = max(1, round(width * shrink)), max(1, round(height * shrink))
    values, weights = _weighted_resize(picture.astype(np.float32), known, small_size)
    surface = _with_structure(_membrane(values, weights), values, weights)
    surface = cv2.resize(surface, (width, height), interpolation=cv2.INTER_LINEAR)
    return _mixed(picture, surface, known)


def continued(picture: Pixels, known_box: Box) -> Pixels:
    """Return an RGB picture (h, w, 3) of which only a box is known, continued beyond it on all sides.

    Near the box it is mirrored; farther away the mirror image grows softer and turns into the box's
    edge drawn outwards, so that a horizon goes on and a sun is not repeated.
    """
    inner = picture[known_box.top : known_box.bottom, known_box.left : known_box.right]
    height, width = picture.shape[:2]
    borders = (
        known_box.top,
        height - known_box.bottom,
        known_box.left,
        width - known_box.right,
    )
    distance = _distance_from(known_box, width, height)
    depth = max(*borders, 1)
    mirrored = cv2.copyMakeBorder(inner, *borders, cv2.BORDER_REFLECT).astype(np.float32)
    soft = _softened(mirrored, distance, depth)
    stretched = _stretched(inner, borders, depth)
    share = _smoothstep(distance / (0.75 * depth))[..., None]
    mixed = soft + (stretched - soft) * share
    result = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    result[known_box.top : known_box.bottom, known_box.left : known_box.right] = inner
    return result


def _weighted_resize(
    values: Floats, weights: Floats, size: tuple[int, int]
) -> tuple[Floats, Floats]:
    """Shrink values and their weights together, so that unknown pixels colour nothing."""
    if (values.shape[1], values.shape[0]) == size:
        return values, weights
    summed = cv2.resize(values * weights[..., None], size, interpolation=cv2.INTER_AREA)
    shrunk = cv2.resize(weights, size, interpolation=cv2.INTER_AREA)
    return summed / np.maximum(shrunk, 1e-6)[..., None], shrunk


def _membrane(values: Floats, weights: Floats) -> Floats:
    """Return the smoothest surface (h, w, 3) through the known values: Laplace's equation, coarse to fine."""
    height, width = weights.shape
    if max(height, width) <= COARSEST:
        mean = (values * weights[..., None]).sum((0, 1)) / max(float(weights.sum()), 1e-6)
        surface = np.broadcast_to(mean, values.shape).astype(np.float32)
    else:
        half = (width + 1) // 2, (height + 1) // 2
        coarse = _membrane(*_weighted_resize(values, weights, half))
        surface = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    # Any knowledge pins the pixel: at a coarse level a cell on the border is known only in part.
    pinned = np.minimum(weights * 4.0, 1.0)[..., None]
    fixed, free = values * pinned, 1.0 - pinned
    for _ in range(RELAXATIONS):
        surface = fixed + cv2.blur(surface, (3, 3), borderType=cv2.BORDER_REFLECT_101) * free
    return surface


def _with_structure(surface: Floats, values: Floats, weights: Floats) -> Floats:
    """Draw into a surface what reaches across the hole, strongest next to what is known."""
    height, width = weights.shape
    shrink = min(1.0, STRUCTURE / max(height, width))
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    small, small_weights = _weighted_resize(values, weights, size)
    hole = (small_weights < 0.5).astype(np.uint8)
    if not hole.any() or hole.all():
        return surface
    ground = np.clip(np.rint(small), 0, 255).astype(np.uint8)
    drawn = cv2.inpaint(ground, hole * 255, 3, cv2.INPAINT_NS).astype(np.float32)
    reach = STRUCTURE * STRUCTURE_REACH
    share = 1.0 - _smoothstep(cv2.distanceTransform(hole, cv2.DIST_L2, 5) / reach)
    drawn = cv2.GaussianBlur(drawn, (0, 0), 1.0)
    both = cv2.resize(np.dstack((drawn, share)), (width, height), interpolation=cv2.INTER_LINEAR)
    return surface + (both[..., :3] - surface) * both[..., 3:]


def _mixed(picture: Pixels, fill: Floats, known: Floats) -> Pixels:
    """Lay a fill under a picture by what is known of it; known pixels keep their bytes."""
    mixed = fill + (picture - fill) * known[..., None]
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def _distance_from(box: Box, width: int, height: int) -> Floats:
    """Return every pixel's distance (h, w) from a box, 0 inside it."""
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    across = np.maximum(np.maximum(box.left - x, x - (box.right - 1)), 0)
    down = np.maximum(np.maximum(box.top - y, y - (box.bottom - 1)), 0)
    return np.hypot(across[None, :], down[:, None])


def _softened(picture: Floats, distance: Floats, depth: int) -> Floats:
    """Blur a picture (h, w, 3) the more, the farther its pixels are; sharp at distance 0."""
    result = picture
    for share in (
        1 / 32,
        1 / 12,
        1 / 4,
    ):  # of the depth: the blur's sigma, reached at twice that distance
        weight = _smoothstep(distance / (2.0 * share * depth))[..., None]
        result = result + (_blurred(picture, share * depth) - result) * weight
    return result


def _stretched(inner: Pixels, borders: tuple[int, int, int, int], depth: int) -> Floats:
    """Draw a picture's edge outwards, softened along the edge so that it leaves no stripes."""
    soft = _blurred(inner.astype(np.float32), max(depth / 24, 1.0))
    stretched = cv2.copyMakeBorder(soft, *borders, cv2.BORDER_REPLICATE)
    return _blurred(stretched, max(depth / 24, 1.0))


def _blurred(picture: Floats, sigma: float) -> Floats:
    """Return a Gaussian blur; wide ones are made small first, where they cost little and look the same."""
    height, width = picture.shape[:2]
    shrink = max(1, int(sigma / 4))
    if shrink == 1:
        return cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    size = max(1, width // shrink), max(1, height // shrink)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / shrink, borderType=cv2.BORDER_REFLECT)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def _smoothstep(x: Floats) -> Floats:
    """Return 0 below 0, 1 above 1, and a smooth way between."""
    x = np.clip(x, 0.0, 1.0)
    return (x * x * (3.0 - 2.0 * x)).astype(np.float32)
