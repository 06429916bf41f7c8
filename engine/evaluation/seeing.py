"""What image analysis sees in a picture of things on a ground: their shapes, colours and places.

The judge knows nothing of prompts. Strokes, hatching, chalk and paper are calmed first; the
ground is what most of the picture along its border is; what differs from it is parted by colour
into things, and each is named by the outline and the shade that are nearest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.evaluation.colours import Floats, colour_name, lab
from engine.evaluation.outlines import filled, parted, shape_name

Picture = NDArray[np.uint8]
Mask = NDArray[np.uint8]
SIDE = 256  # pixels of the height at which pictures are looked at
_BORDER = (10, 22)  # pixels from the edge where the ground shows: beyond what paper leaves free
_SMALLEST = 90  # pixels of a thing
_NARROWEST = 0.085  # of a thing's box, in heights: nothing smaller is ever asked for
_THIN = 5  # pixels: what is thinner is a line or an edge
_APART = 17.0  # in Lab: how far colours lie apart that are not one
_CLUSTERS = 6
_MOST = 8  # things of one colour: more is no composition
_EDGE = 24  # pixels: how far paper reaches into a picture
_CALM, _CALM_COLOUR = 7, 22.0
_POOR, _TINGE = 0.8, 9.0  # overlap and difference in hue (Lab) of a shadow on the ground
_CLEAR, _FAINT = 0.86, 0.75  # overlaps: of what is a shape by itself, of what is hardly one
_CRUMB, _SPECK = 0.28, 0.05  # of a thing's area: what breaks off it, what shades it
_SHOWS = 0.25  # of a ring's hole is ground, even with something small inside it


@dataclass(frozen=True, slots=True)
class SeenThing:
    """One thing: places in units of the height, as scenes have them."""

    shape: str
    colour: str
    centre: tuple[float, float]
    box: tuple[float, float, float, float]  # left, top, right, bottom
    overlap: float  # with the outline it is named by; 1 is perfect

    @property
    def size(self) -> float:
        """Half the longer side of its box."""
        left, top, right, bottom = self.box
        return max(right - left, bottom - top) / 2


@dataclass(frozen=True, slots=True)
class Seen:
    """The ground's colour and the things on it, the largest first."""

    ground: str
    things: tuple[SeenThing, ...]


def seen(picture: Picture) -> Seen:
    """Return what an RGB picture uint8 (H, W, 3) shows.

    It is read twice, as it is and without strokes: hatching spoils the first reading, points of
    small stars the second. The reading whose things are nearer to outlines counts.
    """
    height, width = picture.shape[:2]
    shown = np.ascontiguousarray(picture[..., :3])
    if height != SIDE:
        size = round(width * SIDE / height), SIDE
        shown = cv2.resize(shown, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    readings = [
        _read(_filtered(cv2.medianBlur(shown, 3).astype(np.uint8))),
        _read(_filtered(_without_lines(shown))),
    ]
    return max(readings, key=_clearness)


def _clearness(reading: Seen) -> float:
    """Return how near a reading's things are to outlines; nothing at all is the worst."""
    overlaps = [thing.overlap for thing in reading.things]
    return min(overlaps) + float(np.mean(overlaps)) if overlaps else 0.0


def _read(calm: Picture) -> Seen:
    colours = lab(calm.astype(np.float32) / 255)
    ground = _ground(colours)
    things = sorted(_things(colours, ground), key=lambda thing: -thing.size)
    return Seen(colour_name(ground), tuple(things))


def _without_lines(picture: Picture) -> Picture:
    """Return a picture without outlines, hatching, grain and bristles."""
    side = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    closed = cv2.morphologyEx(picture, cv2.MORPH_CLOSE, side)
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, side)
    return cv2.medianBlur(opened, 5).astype(np.uint8)


def _filtered(picture: Picture) -> Picture:
    return cv2.pyrMeanShiftFiltering(picture, _CALM, _CALM_COLOUR).astype(np.uint8)


def _ground(calm: Floats) -> Floats:
    """Return the most common colour (3,) of the band inside the border."""
    near, far = _BORDER
    inside = np.zeros(calm.shape[:2], bool)
    inside[near:-near, near:-near] = True
    inside[far:-far, far:-far] = False
    band = calm[inside]
    bins = np.round(band / 8).astype(np.int64)
    _, which, counts = np.unique(bins, axis=0, return_inverse=True, return_counts=True)
    first = band[which.ravel() == counts.argmax()].mean(0)
    near_first = np.linalg.norm(band - first, axis=1) < _APART
    return np.median(band[near_first], axis=0)


@dataclass(frozen=True, slots=True)
class _Part:
    mask: Mask  # 1 = its pixels
    colour: Floats  # Lab (3,)
    thing: SeenThing

    @property
    def area(self) -> int:
        return int(self.mask.sum())


def _things(calm: Floats, ground: Floats) -> Iterator[SeenThing]:
    """Yield the things that differ from the ground, parted by their colours."""
    away = np.linalg.norm(calm - ground, axis=-1)
    other = (away > _APART).astype(np.uint8)
    other = cv2.morphologyEx(other, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).astype(np.uint8)
    if not other.any():
        return
    centres = _colours(calm, other.astype(bool))
    every = np.concatenate([ground[None], centres])
    nearest = np.linalg.norm(calm[:, :, None] - every, axis=-1).argmin(-1).astype(np.uint8)
    nearest = cv2.medianBlur(nearest, 5).astype(np.uint8)
    parts = [part for n in range(1, len(every)) for part in _of_one_colour(calm, nearest, n)]
    name = colour_name(ground)
    for part in _whole(parts, other):
        thing = part.thing
        left, top, right, bottom = thing.box
        shadow = thing.overlap < _POOR and _is_shadow(part.colour, ground)
        narrow = min(right - left, bottom - top) < _NARROWEST
        if thing.colour != name and not narrow and not shadow:  # else paper that shows through
            yield thing


def _whole(parts: list[_Part], other: Mask) -> list[_Part]:
    """Return the parts that are things, with the points and dark edges that broke off them."""
    parts = sorted(parts, key=lambda part: -part.area)
    kept: list[_Part] = []
    for part in parts:
        if not any(_broke_off(part, whole) for whole in kept):
            kept.append(part)
    return [_mended(part, kept, other) for part in kept]


def _broke_off(part: _Part, whole: _Part) -> bool:
    """Say whether a part is only a crumb of a larger one."""
    speck = part.area < _SPECK * whole.area
    if (part.thing.overlap > _CLEAR and not speck) or part.area > _CRUMB * whole.area:
        return False
    x, y = (int(place * SIDE) for place in part.thing.centre)
    enclosed = bool(filled(whole.mask)[y, min(x, whole.mask.shape[1] - 1)])
    if enclosed:
        return speck and part.thing.overlap < _FAINT
    near = cv2.dilate(whole.mask, np.ones((13, 13), np.uint8)).astype(np.uint8)
    return speck or bool((near & part.mask).any())


def _mended(part: _Part, parts: list[_Part], other: Mask) -> _Part:
    """Return a part with all that is not ground about it, where that is more of a shape."""
    if part.thing.overlap > _CLEAR:
        return part
    taken = np.zeros_like(other)
    for rest in parts:
        if rest is not part:
            taken |= cv2.dilate(rest.mask, np.ones((5, 5), np.uint8)).astype(np.uint8)
    free = (other & (1 - taken)) | part.mask
    _, named = cv2.connectedComponents(free.astype(np.uint8))
    own = int(np.bincount(named[part.mask > 0]).argmax())
    mask = (named == own).astype(np.uint8)
    thing = _thing(mask, part.thing.colour)
    return _Part(mask, part.colour, thing) if thing.overlap > part.thing.overlap else part


def _colours(calm: Floats, other: NDArray[np.bool_]) -> Floats:
    """Return the few colours (k, 3) that most of what is not the ground has."""
    inner = cv2.erode(other.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    pixels = calm[inner if inner.sum() > _SMALLEST // 2 else other]
    found: list[Floats] = []
    left = pixels
    while len(left) > max(_SMALLEST // 2, 0.02 * len(pixels)) and len(found) < _CLUSTERS:
        bins = np.round(left / 6).astype(np.int64)
        _, which, counts = np.unique(bins, axis=0, return_inverse=True, return_counts=True)
        centre = left[which.ravel() == counts.argmax()].mean(0)
        for _ in range(3):
            close = np.linalg.norm(left - centre, axis=1) < _APART
            centre = left[close].mean(0)
        found.append(centre)
        left = left[np.linalg.norm(left - centre, axis=1) >= 1.4 * _APART]
    return np.array(found)


def _of_one_colour(calm: Floats, nearest: Mask, number: int) -> Iterator[_Part]:
    mask = (nearest == number).astype(np.uint8)
    core = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((_THIN, _THIN), np.uint8))
    count, parts, sizes, _ = cv2.connectedComponentsWithStats(core)
    areas = sizes[:, cv2.CC_STAT_AREA]
    largest = sorted(range(1, count), key=lambda part: -int(areas[part]))[:_MOST]
    for number_of_part in largest:
        own = parts == number_of_part
        if areas[number_of_part] < _SMALLEST or _along_the_edge(own):
            continue
        colour = _colour_within(calm, own)
        back = mask & cv2.dilate(own.astype(np.uint8), np.ones((7, 7), np.uint8))  # its points
        for solid in parted(_without_what_lies_on_it(back.astype(np.uint8), nearest)):
            yield _Part(solid, colour, _thing(solid, colour_name(colour)))


def _along_the_edge(own: NDArray[np.bool_]) -> bool:
    """Say whether a part lies along the picture's edge: paper, a vignette, no thing."""
    outer, middle = own.copy(), own[_EDGE:-_EDGE, _EDGE:-_EDGE]
    outer[3:-3, 3:-3] = False
    return bool(outer.any()) and middle.sum() < 0.1 * own.sum()


def _is_shadow(colour: Floats, ground: Floats) -> bool:
    """Say whether a colour in Lab is the ground's, only darker."""
    return bool(colour[0] < ground[0] and np.linalg.norm(colour[1:] - ground[1:]) < _TINGE)


def _colour_within(calm: Floats, own: NDArray[np.bool_]) -> Floats:
    inner = cv2.erode(own.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    return np.median(calm[inner if inner.sum() > 20 else own], axis=0)


def _thing(solid: Mask, colour: str) -> SeenThing:
    name, overlap = shape_name(solid.astype(np.float32))
    y, x = np.nonzero(solid)
    centre = float(x.mean() + 0.5) / SIDE, float(y.mean() + 0.5) / SIDE
    low, high = (x.min() / SIDE, y.min() / SIDE), ((x.max() + 1) / SIDE, (y.max() + 1) / SIDE)
    box = float(low[0]), float(low[1]), float(high[0]), float(high[1])
    return SeenThing(name, colour, centre, box, overlap)


def _without_what_lies_on_it(mask: Mask, nearest: Mask) -> Mask:
    """Return a mask with those of its holes filled through which the ground does not show."""
    solid = mask.copy()
    count, holes, sizes, _ = cv2.connectedComponentsWithStats(1 - mask, connectivity=4)
    for hole in range(1, count):
        left, top, wide, high, area = sizes[hole]
        inside = left > 0 and top > 0 and left + wide < mask.shape[1] and top + high < mask.shape[0]
        if not inside:
            continue
        within = holes == hole
        ground_shows = float((nearest[within] == 0).mean()) > _SHOWS and area > 30
        if not ground_shows:
            solid[within] = 1
    return solid
