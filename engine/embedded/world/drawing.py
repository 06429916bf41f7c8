"""From a scene to pixels: draws at twice the size and averages down, so that edges are soft and
true."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.embedded.world import palette, shapes
from engine.embedded.world.backdrops import backdrop, photographed
from engine.embedded.world.fields import Floats, blend, blurred, fbm, mesh
from engine.embedded.world.lands import land
from engine.embedded.world.scenes import Scene
from engine.embedded.world.skies import clouds, heavenly_body, sky

SUPERSAMPLING = 2


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawn scene: sRGB uint8 (H, W, 3) and what is in it."""

    scene: Scene
    pixels: NDArray[np.uint8]


def drawn(scene: Scene, height: int, *, supersampling: int = SUPERSAMPLING) -> Drawing:
    """Return the scene as a picture of that height and of the scene's aspect."""
    width = round(height * scene.aspect)
    rng = np.random.default_rng([scene.seed, 2])
    x, y = mesh(height * supersampling, width * supersampling)
    paint = {"shape": _shape_picture, "sky": _sky_picture, "photo": _photo_picture}[scene.kind]
    colours = paint(scene, x, y, rng)
    small = cv2.resize(colours, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    if scene.kind == "photo" or (scene.kind == "sky" and rng.random() < 0.5):
        small = photographed(small, rng)
    return Drawing(scene, np.round(np.clip(small, 0, 1) * 255).astype(np.uint8))


def _sky_picture(scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    colours = sky(scene, x, y, rng)
    clouds_first = rng.random() < 0.6
    if clouds_first:
        colours = clouds(colours, scene, y, rng)
    colours = heavenly_body(colours, scene, x, y, rng)
    if not clouds_first:
        colours = clouds(colours, _thin(scene), y, rng)
    return land(colours, scene, x, y, rng)


def _thin(scene: Scene) -> Scene:
    """Return the scene itself, or one without clouds where they would hide the sun or the moon."""
    hides = scene.body != "none" and scene.clouds == "many"
    return scene if not hides else Scene(kind="sky", seed=scene.seed, time=scene.time, clouds="few")


def _shape_picture(scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    base = palette.shade(scene.ground, rng)
    colours = np.broadcast_to(base, (*x.shape, 3)).astype(np.float32)
    if scene.soft > 0:
        slope = rng.uniform(-0.09, 0.09) * (x / scene.aspect - 0.5)
        slope = slope + rng.uniform(-0.09, 0.09) * (y - 0.5)
        grain = (fbm((x.shape[0], x.shape[1]), rng, octaves=5) - 0.5) * rng.uniform(0, 0.10)
        colours = np.clip(colours + scene.soft * (slope + grain)[..., None], 0, 1)
    return _with_shape(colours.astype(np.float32), scene, x, y, rng)


def _with_shape(
    colours: Floats, scene: Scene, x: Floats, y: Floats, rng: np.random.Generator
) -> Floats:
    size = (x.shape[0], x.shape[1])
    turn = float(rng.uniform(-14, 14)) if rng.random() < 0.6 else 0.0
    mask = shapes.coverage(scene.shape, size, scene.centre, scene.radius, turn)
    paint = np.broadcast_to(palette.shade(scene.colour, rng), (*size, 3)).astype(np.float32)
    if scene.soft > 0:
        lift = (scene.centre[1] - y) * 0.22 + (scene.centre[0] - x) * 0.12
        paint = np.clip(paint * (1 + scene.soft * lift)[..., None], 0, 1)
        offset = 0.16 * scene.radius * size[0]
        move = np.array([[1, 0, offset * 0.5], [0, 1, offset]], np.float32)
        fallen = cv2.warpAffine(mask, move, (size[1], size[0])).astype(np.float32)
        shadow = blurred(fallen, offset * 0.8) * 0.28 * scene.soft
        colours = colours * (1 - shadow)[..., None]
    return blend(colours, paint.astype(np.float32), mask)


def _photo_picture(scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    colours = backdrop(scene, x, y, rng)
    if scene.shape != "none":
        return _with_shape(colours, scene, x, y, rng)
    return heavenly_body(colours, scene, x, y, rng)
