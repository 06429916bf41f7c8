"""Things as small pictures with coverage, drawn finer than they are shown and laid on a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.embedded.world import creatures, objects
from engine.embedded.world.figures import Floats, Piece, turned
from engine.embedded.world.palette import rgb, shade
from engine.embedded.world.scenes import Box, Thing
from engine.embedded.world.shapes import SHAPES

_BITS = 4
_MAKERS: Mapping[str, Callable[[Floats], list[Piece]]] = {
    "tree": creatures.tree,
    "pine": creatures.pine,
    "palm": creatures.palm,
    "flower": creatures.flower,
    "bird": creatures.bird,
    "fish": creatures.fish,
    "cat": creatures.cat,
    "house": objects.house,
    "tower": objects.tower,
    "bridge": objects.bridge,
    "boat": objects.boat,
    "balloon": objects.balloon,
    "kite": objects.kite,
    "sun": objects.sun,
    "full moon": objects.full_moon,
    "crescent moon": objects.crescent_moon,
    "cloud": objects.cloud,
    "sign": objects.sign,
}
_NATURAL: Mapping[str, str] = {
    "pine": "#3a8749", "palm": "#3f9440", "sun": "#fbc62c", "full moon": "#f3ecd0",
    "crescent moon": "#f6e7ac", "tree": "#459a3d",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sprite:
    """A thing's pixels: colours times coverage (h, w, 3), coverage (h, w), and where they lie."""

    paint: Floats
    cover: Floats
    left: int
    top: int


def natural_shade(thing: Thing, rng: np.random.Generator) -> Floats:
    """Return the colour that a thing is painted in."""
    if thing.colour != "none" and not (thing.noun == "tree" and thing.colour == "green"):
        return shade(thing.colour, rng)
    colour = rgb(_NATURAL[thing.noun]) + rng.normal(0, 0.025, 3)
    return np.clip(colour, 0, 1).astype(np.float32)


def pieces(thing: Thing, colour: Floats, *, dark: bool = False) -> list[Piece]:
    """Return what a thing is made of, from back to front, in units of its radius.

    In the dark the windows of a house are lit.
    """
    if thing.noun == "house" and dark:
        return objects.house(colour, objects.LIT_WINDOW)
    if thing.noun in SHAPES:
        return objects.plain_shape(thing.noun, colour)
    return _MAKERS[thing.noun](colour)


def box_of(thing: Thing) -> Box:
    """Return the rectangle that a thing's paint fills exactly, turned and mirrored as it is."""
    contours = [
        points for part in pieces(thing, np.ones(3, np.float32)) for points in part.contours
    ]
    points = _placed(np.concatenate(contours), thing) * thing.radius + np.array(thing.centre)
    (left, top), (right, bottom) = points.min(0), points.max(0)
    return Box(float(left), float(top), float(right), float(bottom))


def _placed(points: Floats, thing: Thing) -> Floats:
    flip = np.array((-1 if thing.mirrored and thing.noun != "sign" else 1, 1), np.float32)
    return turned(points * flip, thing.turn) if thing.turn else points * flip


def sprite(thing: Thing, colour: Floats, height: int, *, dark: bool = False) -> Sprite:
    """Return a thing drawn for a picture of that height."""
    fine = 4 if height <= 128 else 2
    reach = thing.radius * height * 1.24 + 1
    left, top = (int(np.floor(c * height - reach)) for c in thing.centre)
    side = int(np.ceil(2 * reach)) + 1
    canvas = np.zeros((side * fine, side * fine, 4), np.uint8)
    origin = np.array((left, top), np.float32)
    for part in pieces(thing, colour, dark=dark):
        contours = []
        for points in part.contours:
            place = _placed(points, thing) * thing.radius + np.array(thing.centre)
            px = (place * height - origin) * fine - 0.5
            contours.append(np.round(px * 2**_BITS).astype(np.int32))
        ink = [*(float(round(c * 255)) for c in part.colour), 255.0]
        cv2.fillPoly(canvas, contours, ink, cv2.LINE_AA, _BITS)
    if thing.word:
        _written(canvas, thing, colour, height * fine, origin * fine)
    small = cv2.resize(canvas, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return Sprite(small[..., :3], small[..., 3], left, top)


def _written(
    canvas: NDArray[np.uint8], thing: Thing, colour: Floats, scale: int, origin: Floats
) -> None:
    """Write the word on a sign's board, as large as it fits."""
    font, thick = cv2.FONT_HERSHEY_DUPLEX, 2
    (wide, high), _ = cv2.getTextSize(thing.word, font, 1.0, thick)
    room = thing.radius * scale
    size = min(1.5 * room / wide, 0.6 * room / high)
    weight = max(1, round(room * 0.075))
    ink = (255.0,) * 4 if colour.mean() < 0.62 else (26.0, 24.0, 24.0, 255.0)
    across, down = thing.centre[0] * scale - origin[0], (thing.centre[1]) * scale - origin[1]
    x, y = across - wide * size / 2, down - 0.22 * room + high * size / 2
    cv2.putText(
        canvas, thing.word, (round(float(x)), round(float(y))), font, size, ink, weight, cv2.LINE_AA
    )


def laid(picture: Floats, made: Sprite, light: Floats | float = 1.0) -> None:
    """Lay a sprite on a picture (H, W, 3), in place; `light` multiplies its colours."""
    window = clipped(picture.shape[0], picture.shape[1], made)
    if window is None:
        return
    rows, columns, inner_rows, inner_columns = window
    part = picture[rows, columns]
    cover = made.cover[inner_rows, inner_columns, None]
    paint = made.paint[inner_rows, inner_columns]
    if isinstance(light, np.ndarray) and light.ndim > 1:
        light = light[inner_rows, inner_columns]
    picture[rows, columns] = part * (1 - cover) + np.minimum(paint * light, cover)


def clipped(height: int, width: int, made: Sprite) -> tuple[slice, slice, slice, slice] | None:
    """Return the rows and columns of a picture that a sprite covers, and those of the sprite."""
    tall, wide = made.cover.shape
    top, left = max(0, made.top), max(0, made.left)
    bottom, right = min(height, made.top + tall), min(width, made.left + wide)
    if bottom <= top or right <= left:
        return None
    return (
        slice(top, bottom),
        slice(left, right),
        slice(top - made.top, bottom - made.top),
        slice(left - made.left, right - made.left),
    )
