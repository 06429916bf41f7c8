"""From a scene to pixels: edges are drawn finer than they are shown, so that they are true.

Every part of a picture has random numbers of its own, and none depends on the size: the same
scene is the same picture at every height.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.embedded.world import palette
from engine.embedded.world.backdrops import backdrop, photographed, taken_into
from engine.embedded.world.fields import Floats, blurred, fbm, mesh
from engine.embedded.world.lands import ground_light, land
from engine.embedded.world.manners import mannered
from engine.embedded.world.nouns import BODIES, FLYING
from engine.embedded.world.scenes import Scene, Thing
from engine.embedded.world.shapes import SHAPES
from engine.embedded.world.skies import clouds, heavenly_body, sky
from engine.embedded.world.sprites import Sprite, clipped, laid, natural_shade, sprite
from engine.embedded.world.weathers import falling, misty

_SKY, _CLOUDS, _BODY, _LAND, _FOG, _RAIN, _GROUND, _MANNER, _CAMERA, _THINGS = range(10)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawn scene: sRGB uint8 (H, W, 3) and what is in it."""

    scene: Scene
    pixels: NDArray[np.uint8]


def drawn(scene: Scene, height: int) -> Drawing:
    """Return the scene as a picture of that height and of the scene's aspect."""
    x, y = mesh(height, round(height * scene.aspect))
    if scene.kind == "land":
        colours = _landscape(scene, x, y)
    elif scene.kind == "photo":
        colours = _photo(scene, x, y)
    else:
        colours = _plain(scene, x, y)
    late = scene.manner in ("ink", "oil")  # rain and snow are neither outlined nor smeared
    if late:
        colours = mannered(colours, scene, _random(scene, _MANNER))
    colours = falling(colours, scene, _random(scene, _RAIN))
    if not late:
        colours = mannered(colours, scene, _random(scene, _MANNER))
    if scene.manner == "photo":
        colours = photographed(colours, _random(scene, _CAMERA))
    return Drawing(scene, np.round(np.clip(colours, 0, 1) * 255).astype(np.uint8))


def _random(scene: Scene, part: int, number: int = 0) -> np.random.Generator:
    return np.random.default_rng([scene.seed, 3, part, number])


def paint_of(scene: Scene, number: int) -> Floats:
    """Return the colour (3,) that a thing is painted in; things of one group share it."""
    thing = scene.things[number]
    return natural_shade(thing, _random(scene, _THINGS, thing.group))


def _landscape(scene: Scene, x: Floats, y: Floats) -> Floats:
    colours = sky(scene, x, y, _random(scene, _SKY))
    colours = heavenly_body(colours, scene, x, y, _random(scene, _BODY))
    colours = clouds(colours, scene, x, y, _random(scene, _CLOUDS))
    colours = land(colours, scene, x, y, _random(scene, _LAND))
    colours = misty(colours, scene, y, _random(scene, _FOG))
    colours = np.ascontiguousarray(np.clip(colours, 0, 1), np.float32)
    order = sorted(range(len(scene.things)), key=lambda n: _depth(scene.things[n]))
    light = 1 + 0.26 * (ground_light(scene) - 1)
    for number in order:
        thing = scene.things[number]
        if thing.noun not in BODIES:
            dark = scene.time in ("night", "dusk")
            made = sprite(thing, paint_of(scene, number), x.shape[0], dark=dark)
            _grounded(colours, thing, made, scene)
            laid(colours, made, light * _shading(made, thing, x.shape[0], scene.manner))
    return colours


def _depth(thing: Thing) -> float:
    """Return what orders things from far to near: where they stand; what flies comes first."""
    return -1.0 if thing.noun in FLYING else thing.box.bottom


def _shading(made: Sprite, thing: Thing, height: int, manner: str, soft: float = 1.0) -> Floats:
    """Return light from the upper left over a sprite (h, w, 1)."""
    if manner in ("flat", "pixel") or soft == 0:
        return np.ones((*made.cover.shape, 1), np.float32)
    tall, wide = made.cover.shape
    reach = thing.radius * height
    v = (np.arange(tall, dtype=np.float32)[:, None] + made.top - thing.centre[1] * height) / reach
    u = (np.arange(wide, dtype=np.float32)[None] + made.left - thing.centre[0] * height) / reach
    return (1 - soft * (0.09 * v + 0.06 * u))[..., None]


def _grounded(colours: Floats, thing: Thing, made: Sprite, scene: Scene) -> None:
    """Give what stands a shadow and what swims its image in the water, in place."""
    if thing.noun in FLYING or thing.noun in ("bridge", "fish"):
        return
    height = colours.shape[0]
    foot = thing.box.bottom * height
    if thing.noun == "boat" and scene.near != "none":
        below = round(2 * foot) - made.top - made.cover.shape[0]
        fade = 0.38 * np.linspace(1, 0.2, made.cover.shape[0], dtype=np.float32)[:, None]
        image = Sprite(
            made.paint[::-1] * fade[..., None], made.cover[::-1] * fade, made.left, below
        )
        laid(colours, image, 0.85 * (1 + 0.5 * (ground_light(scene) - 1)))
        return
    across = thing.half[0] * height * (0.6 if thing.noun in ("tree", "pine", "palm") else 1.05)
    down = max(0.16 * across, 0.01 * height)
    left, top = int(thing.centre[0] * height - 1.6 * across), int(foot - 2 * down)
    wide, tall = int(3.6 * across) + 2, int(4 * down) + 2
    u = (np.arange(wide) + left + 0.5 - thing.centre[0] * height - 0.25 * across) / across
    v = (np.arange(tall)[:, None] + top + 0.5 - foot) / down
    cover = (0.42 * np.exp(-1.4 * (u * u + v * v) ** 2)).astype(np.float32)
    laid(colours, Sprite(np.zeros((*cover.shape, 3), np.float32), cover, left, top))


def _plain(scene: Scene, x: Floats, y: Floats) -> Floats:
    rng = _random(scene, _GROUND)
    base = palette.shade(scene.ground, rng)
    colours = np.empty((*x.shape, 3), np.float32)
    colours[:] = base
    if scene.soft > 0 and scene.manner not in ("flat", "pixel"):
        slope = float(rng.uniform(-0.09, 0.09)) * (x / scene.aspect - 0.5)
        slope = slope + float(rng.uniform(-0.09, 0.09)) * (y - 0.5)
        cloudy = fbm((x.shape[0], x.shape[1]), rng, octaves=5) - 0.5
        colours += scene.soft * (slope + cloudy * float(rng.uniform(0, 0.1)))[..., None]
    _things_laid(colours, scene, np.ones(3, np.float32))
    return colours


def _things_laid(colours: Floats, scene: Scene, light: Floats) -> None:
    """Lay the scene's things on a picture, in place; the last one lies lowest."""
    height = colours.shape[0]
    for number in reversed(range(len(scene.things))):
        thing = scene.things[number]
        made = sprite(thing, paint_of(scene, number), height)
        if scene.soft > 0 and scene.manner != "pixel" and scene.relation != "inside":
            _shadowed(colours, thing, made, scene.soft)
        soft = scene.soft * (1.6 if thing.noun in SHAPES else 1.0)
        laid(colours, made, light * _shading(made, thing, height, scene.manner, soft))


def _shadowed(colours: Floats, thing: Thing, made: Sprite, soft: float) -> None:
    """Darken the ground beside a thing, in place, as if it lay a little above it."""
    offset = min(0.14 * thing.radius, 0.03) * colours.shape[0]
    window = clipped(colours.shape[0], colours.shape[1], made)
    if window is None:
        return
    rows, columns, inner_rows, inner_columns = window
    move = np.array([[1, 0, offset * 0.5], [0, 1, offset]], np.float32)
    fallen = cv2.warpAffine(made.cover, move, made.cover.shape[::-1]).astype(np.float32)
    shadow = blurred(fallen, offset * 0.7) * 0.3 * soft
    colours[rows, columns] *= 1 - shadow[inner_rows, inner_columns, None]


def _photo(scene: Scene, x: Floats, y: Floats) -> Floats:
    colours = backdrop(scene, x, y, _random(scene, _GROUND))
    body = scene.body != "none" and len(scene.things) == 1
    if body:
        return heavenly_body(colours, scene, x, y, _random(scene, _BODY))
    colours = np.ascontiguousarray(np.clip(colours, 0, 1), np.float32)
    if scene.things:
        _things_laid(colours, scene, taken_into(scene, colours))
    return colours
