"""What a hole is filled with before the model paints it.

A model that starts from, or is shown, a plausible ground keeps its light and colour. A hole is
filled with the smoothest surface through its border (a membrane: a gradient sky goes on as the same
gradient), into which lines are drawn where both sides of the hole agree (a horizon goes on). Paint
beyond an edge continues the picture's edge, its detail mirrored, growing softer with distance.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.api import Box, Pixels

Floats = NDArray[Any]  # float32; OpenCV's stubs do not carry the type
COARSEST = 4  # pixels; where the pyramid ends
LARGEST = 320  # a fill is smooth, so it is computed at no more than this and enlarged
KNOWN = 0.5  # a pixel known more than this may be the end of a line drawn across a hole
ALIKE = 24.0  # grey levels: ends that differ by much more belong to different things
LONG = 0.125  # of the picture; lines longer than this count less
LEAST = 0.02  # what a line counts whose ends differ, or that leaves the picture
SMOOTH = 0.06  # what the smooth surface counts beside lines
RELAXATIONS = 12
PARTLY = 4.0  # a coarse cell on the border is known in part, and holds as if it were known whole
MIDDLE_GREY = 127.0
DETAIL = 1 / 10  # of a border's depth: what is finer is detail, what is coarser is light and colour
STRIP = 1 / 16  # of a border's depth: the width of the edge that is drawn outwards


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
    surface = _with_structure(membrane(values, weights), values, weights)
    surface = cv2.resize(surface, (width, height), interpolation=cv2.INTER_LINEAR)
    return _mixed(picture, surface, known)


def continued(picture: Pixels, known_box: Box) -> Pixels:
    """Return an RGB picture (h, w, 3) of which only a box is known, continued beyond it.

    Light and colour go on as the box's edge drawn outwards, growing softer: a sky stays a sky and a
    horizon goes on. Over them lies the mirrored picture's detail, fading before a sun could show
    twice.
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
    mirrored_ground = _blurred(mirrored, depth * DETAIL)
    ground = _drawn_out(inner, borders, distance, depth)
    # At the border the ground must be the mirrored picture's own, or the edge would show as a step.
    ground = ground + (mirrored_ground - ground) * _fading(distance, 0.25 * depth)
    result = ground + (mirrored - mirrored_ground) * _fading(distance, 0.6 * depth)
    bytes_ = np.clip(np.rint(result), 0, 255).astype(np.uint8)
    bytes_[known_box.top : known_box.bottom, known_box.left : known_box.right] = inner
    return bytes_


def _weighted_resize(
    values: Floats, weights: Floats, size: tuple[int, int]
) -> tuple[Floats, Floats]:
    """Shrink values and their weights together, so that unknown pixels tint nothing."""
    if (values.shape[1], values.shape[0]) == size:
        return values, weights
    summed = cv2.resize(values * weights[..., None], size, interpolation=cv2.INTER_AREA)
    shrunk = cv2.resize(weights, size, interpolation=cv2.INTER_AREA)
    return summed / np.maximum(shrunk, 1e-6)[..., None], shrunk


def membrane(values: Floats, weights: Floats, trust: float = 1.0) -> Floats:
    """Return the smoothest surface through known values (Laplace's equation), coarse to fine."""
    height, width = weights.shape
    if max(height, width) <= COARSEST:
        mean = (values * weights[..., None]).sum((0, 1)) / max(float(weights.sum()), 1e-6)
        surface = np.broadcast_to(mean, values.shape).astype(np.float32)
    else:
        half = (width + 1) // 2, (height + 1) // 2
        coarse = membrane(*_weighted_resize(values, weights, half), trust=PARTLY)
        surface = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return _relaxed(surface, values, np.minimum(weights * trust, 1.0))


def _relaxed(surface: Floats, values: Floats, pinned: Floats) -> Floats:
    """Level a surface where nothing pins it (h, w) to the values; a few steps, for near pixels."""
    fixed, free = values * pinned[..., None], 1.0 - pinned[..., None]
    surface = fixed + surface * free
    for _ in range(RELAXATIONS):
        surface = fixed + cv2.blur(surface, (3, 3), borderType=cv2.BORDER_REFLECT_101) * free
    return surface


def _with_structure(surface: Floats, values: Floats, weights: Floats) -> Floats:
    """Draw into a surface (h, w, 3) what is alike on both sides of the hole.

    Along rows and along columns the two sides are joined by a straight line, which counts the more,
    the better they agree: a horizon agrees with itself across a hole, sky and ground do not.
    """
    known = weights > KNOWN
    edges = _blurred_known(values, known.astype(np.float32))
    across, across_counts, across_end = _joined(edges, known)
    down, down_counts, down_end = _joined(edges.transpose(1, 0, 2), known.T)
    down, down_counts = down.transpose(1, 0, 2), down_counts.T
    smooth_counts = SMOOTH / (np.minimum(across_end, down_end.T) + 1.0)
    total = (across_counts + down_counts + smooth_counts)[..., None]
    lines = across * across_counts[..., None] + down * down_counts[..., None]
    drawn = (lines + surface * smooth_counts[..., None]) / total
    drawn = cv2.GaussianBlur(drawn.astype(np.float32), (0, 0), 2.0)
    return _relaxed(drawn, values, weights)


def _joined(values: Floats, known: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Return values with each row's gaps bridged, how much that counts, and how far its end is.

    A line counts exp(-(difference of its ends / ALIKE)^2), less if it is long, and more near its
    ends, where it is right whatever lies beyond. One that has only one end goes on level.
    """
    height, width = known.shape
    place = np.arange(width, dtype=np.int32)[None, :]
    before = np.maximum.accumulate(np.where(known, place, -1), axis=1)
    after = np.minimum.accumulate(np.where(known, place, width)[:, ::-1], axis=1)[:, ::-1]
    has_before, has_after = before >= 0, after < width
    first, last = np.where(has_before, before, after), np.where(has_after, after, before)
    rows = np.arange(height)[:, None]
    start = values[rows, np.clip(first, 0, width - 1)]
    end = values[rows, np.clip(last, 0, width - 1)]
    length = np.maximum(last - first, 1)
    share = np.clip((place - first) / length, 0.0, 1.0).astype(np.float32)[..., None]
    end_away = np.minimum(np.abs(place - first), np.abs(last - place)).astype(np.float32)
    alike = np.exp(-((np.abs(end - start).max(axis=2) / ALIKE) ** 2))
    counts = alike * (has_before & has_after) * LONG * width / (length + LONG * width)
    counts = (counts + LEAST) * (has_before | has_after) / (end_away + 1.0)
    return start + (end - start) * share, counts.astype(np.float32), end_away


def _blurred_known(values: Floats, known: Floats) -> Floats:
    """Return values softened among the known alone, so that no odd pixel draws its own line."""
    summed = cv2.GaussianBlur(values * known[..., None], (0, 0), 2.0)
    counted = cv2.GaussianBlur(known, (0, 0), 2.0)
    return summed / np.maximum(counted, 1e-4)[..., None]


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


def _drawn_out(
    inner: Pixels, borders: tuple[int, int, int, int], distance: Floats, depth: int
) -> Floats:
    """Draw a picture's edge outwards, softer with distance so that it leaves no stripes."""
    height, width = inner.shape[:2]
    # Means of a strip along each edge: one odd pixel on the edge must not colour a whole row.
    strip = max(1, round(depth * STRIP))
    rows = cv2.blur(inner.astype(np.float32), (min(strip, width), 1), borderType=cv2.BORDER_REFLECT)
    edge = cv2.blur(rows, (1, min(strip, height)), borderType=cv2.BORDER_REFLECT)
    result = drawn = cv2.copyMakeBorder(edge, *borders, cv2.BORDER_REPLICATE)
    for share in (
        1 / 48,
        1 / 20,
        1 / 8,
    ):  # of the depth: a blur's sigma, reached at four times that
        softer = 1.0 - _fading(distance, 4.0 * share * depth)
        result = result + (_blurred(drawn, share * depth) - result) * softer
    return result


def _blurred(picture: Floats, sigma: float) -> Floats:
    """Return a Gaussian blur; wide ones are made on a smaller copy and look the same."""
    height, width = picture.shape[:2]
    shrink = max(1, int(sigma / 4))
    if shrink == 1:
        return cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    size = max(1, width // shrink), max(1, height // shrink)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / shrink, borderType=cv2.BORDER_REFLECT)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def _fading(distance: Floats, reach: float) -> Floats:
    """Return 1 at distance 0 falling smoothly to 0 at reach, (h, w, 1)."""
    x = np.clip(distance / reach, 0.0, 1.0)
    return (1.0 - x * x * (3.0 - 2.0 * x)).astype(np.float32)[..., None]
