"""Which plain shape a mask is: the outline that overlaps most when both are laid on each other."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.embedded.world.shapes import SHAPES, coverage

Floats = NDArray[np.floating]
Mask = NDArray[np.uint8]
_SIDE = 48
_REACH = 4.4  # of a side, in mean distances from the middle
_SURE, _FAIR = 0.93, 0.72  # overlaps: of a shape that is beyond doubt; of one at all
_WORN = (0.25, 0.35, 0.45, 0.55, 0.65)  # shares of the depth by which masks are worn down
_FILLING = 0.5  # of an overlap: how much a wrong filling of the hull costs
_CORE = 12  # pixels of what is left of a thing
_TURNS = (-16.0, -12.0, -8.0, -4.0, 0.0, 4.0, 8.0, 12.0, 16.0)


def shape_name(mask: Floats) -> tuple[str, float]:
    """Return the name of a mask (h, w) in 0..1, and the overlap with its outline, 0 to 1.

    How much of its hull a shape fills counts too: a worn star still fills little of it.
    """
    ours = _normal(mask)
    names, outlines, fillings = _outlines()
    both = np.minimum(outlines, ours).sum((1, 2))
    overlaps = both / np.maximum(outlines, ours).sum((1, 2))
    best = int((overlaps - _FILLING * np.abs(fillings - _filling(ours))).argmax())
    return names[best], float(overlaps[best])


def _filling(mask: Floats) -> float:
    """Return the share of its hull that a mask fills."""
    points = cv2.findNonZero((mask > 0.5).astype(np.uint8))
    if points is None:
        return 1.0
    hull = float(cv2.contourArea(cv2.convexHull(points)))
    return min(1.0, float((mask > 0.5).sum()) / max(hull, 1.0))


def parted(mask: Mask) -> list[Mask]:
    """Return a mask alone, or the several it is better read as: things that touch one another.

    It is worn down until it falls apart; every pixel then belongs to the part it is nearest to.
    Holes are closed meanwhile, or rings would break.
    """
    _, overlap = shape_name(mask.astype(np.float32))
    if overlap >= _SURE:
        return [mask]
    whole = filled(mask)
    depth = cv2.distanceTransform(whole, cv2.DIST_L2, 5)
    deepest = float(depth.max())
    for share in _WORN:
        count, cores, sizes, _ = cv2.connectedComponentsWithStats(
            (depth > share * deepest).astype(np.uint8)
        )
        large = [n for n in range(1, count) if sizes[n, cv2.CC_STAT_AREA] >= _CORE]
        if len(large) < 2:
            continue
        parts = [part & mask for part in _shared(whole, [cores == n for n in large])]
        overlaps = [shape_name(part.astype(np.float32))[1] for part in parts]
        if min(overlaps) > max(overlap + 0.04, _FAIR):
            return parts
    return [mask]


def filled(mask: Mask) -> Mask:
    """Return a mask without holes."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(np.zeros_like(mask), contours, -1, [1], cv2.FILLED).astype(np.uint8)


def _shared(whole: Mask, cores: list[NDArray[np.bool_]]) -> list[Mask]:
    """Return the part of a mask that is nearest to each core."""
    far = [cv2.distanceTransform((~core).astype(np.uint8), cv2.DIST_L2, 5) for core in cores]
    nearest = np.argmin(far, axis=0)
    return [whole * (nearest == number).astype(np.uint8) for number in range(len(cores))]


@cache
def _outlines() -> tuple[tuple[str, ...], NDArray[np.float32], NDArray[np.float32]]:
    told = [
        (shape, _normal(coverage(shape, (160, 160), (0.5, 0.5), 0.3, turn)))
        for shape in SHAPES
        for turn in ((0.0,) if shape in ("circle", "ring") else _TURNS)
    ]
    fillings = np.array([_filling(mask) for _, mask in told], np.float32)
    return tuple(name for name, _ in told), np.stack([mask for _, mask in told]), fillings


def _normal(mask: Floats) -> NDArray[np.float32]:
    """Return a mask moved and scaled so that its middle and its reach are always the same."""
    mask = mask.astype(np.float32)
    y, x = np.mgrid[: mask.shape[0], : mask.shape[1]].astype(np.float32)
    total = float(mask.sum()) + 1e-6
    cx, cy = float((x * mask).sum()) / total, float((y * mask).sum()) / total
    reach = np.sqrt(float((((x - cx) ** 2 + (y - cy) ** 2) * mask).sum()) / total) + 1e-6
    scale = _SIDE / _REACH / reach
    move = np.array(
        [[scale, 0, _SIDE / 2 - scale * cx], [0, scale, _SIDE / 2 - scale * cy]], np.float32
    )
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.warpAffine(mask, move, (_SIDE, _SIDE), flags=way).astype(np.float32)
