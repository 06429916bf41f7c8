"""Backdrops like photographs: what a model must have seen to paint into a real picture.

Skies, lumps, bands, a table before a wall, leaves and lights out of focus, landscapes in the
distance; and afterwards what a camera adds: colour casts, contrast, vignettes, softness, grain.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from engine.embedded.world import palette
from engine.embedded.world.fields import (
    Floats,
    blend,
    blurred,
    fbm,
    gradient,
    grain,
    smoothstep,
)
from engine.embedded.world.lands import land
from engine.embedded.world.landscapes import landscape
from engine.embedded.world.scenes import TIMES, Scene
from engine.embedded.world.skies import clouds, sky


def backdrop(scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Return the colours (H, W, 3) of a made-up photograph's background."""
    makers = (_skylike, _skylike, _faraway, _faraway, _lumpy, _banded, _bokeh, _leaves, _table)
    return makers[int(rng.integers(len(makers)))](scene, x, y, rng)


def taken_into(scene: Scene, behind: Floats) -> Floats:
    """Return the light (3,) that a picture throws on a thing laid into it."""
    box, height = scene.main.box, behind.shape[0]
    rows = slice(max(0, int(box.top * height)), max(1, int(box.bottom * height)))
    columns = slice(max(0, int(box.left * height)), max(1, int(box.right * height)))
    around = behind[rows, columns].reshape(-1, 3).mean(0)
    cast = around / max(float(around.mean()), 0.05)
    light = 0.76 + 0.34 * float(around.mean()) ** 0.8
    return (light * (0.86 + 0.14 * np.clip(cast, 0.3, 2.0))).astype(np.float32)


def _natural(rng: np.random.Generator) -> Floats:
    hue, saturation = rng.uniform(0, 360), 0.03 + 0.45 * rng.random() ** 2
    pixel = np.array([[[hue, saturation, rng.uniform(0.08, 0.95)]]], np.float32)
    return cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB)[0, 0]


def _skylike(scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Return a piece of a sky: a part of its gradient, veiled by soft clouds."""
    stops = palette.sky_stops(str(rng.choice(TIMES)), rng)
    start = rng.uniform(-0.1, 0.6)
    length = rng.uniform(0.25, 0.9)
    tilt = rng.normal(0, 0.08) * (x - scene.aspect / 2)
    colours = gradient(np.clip(start + length * y + tilt, 0, 1), stops, (0.0, 0.42, 0.78, 1.0))
    shape = (x.shape[0], x.shape[1])
    veil = fbm(shape, rng, cells=(rng.uniform(1.5, 5), rng.uniform(1, 2.5)), octaves=5)
    veil_colour = palette.jittered(stops[int(rng.integers(4))], 0.08, rng)
    return blend(colours, veil_colour, veil * rng.uniform(0, 0.7))


def _lumpy(scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    del scene, y
    shape = (x.shape[0], x.shape[1])
    colours = np.broadcast_to(_natural(rng), (*shape, 3)).astype(np.float32)
    for _ in range(int(rng.integers(1, 4))):
        scale = float(np.exp(rng.uniform(np.log(1.5), np.log(12))))
        field = fbm(shape, rng, cells=(scale, scale * rng.uniform(0.5, 1.5)), octaves=5, gain=0.6)
        colours = blend(colours, _natural(rng), np.clip(field * rng.uniform(0.6, 1.2), 0, 1))
    return colours


def _banded(scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    shape = (x.shape[0], x.shape[1])
    wobble = (fbm(shape, rng, cells=(2, 2), octaves=5) - 0.5) * rng.uniform(0.02, 0.3)
    t = np.clip(y + wobble + rng.normal(0, 0.1) * (x - scene.aspect / 2), 0, 1)
    count = int(rng.integers(3, 7))
    places = tuple((np.arange(count) + rng.uniform(0.1, 0.9, count)) / count)
    return gradient(t, [_natural(rng) for _ in range(count)], places)


def _bokeh(scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    colours = _lumpy(scene, x, y, rng) * float(rng.uniform(0.5, 1.0))
    return 1 - (1 - colours) * (1 - _discs((x.shape[0], x.shape[1]), rng, 22))


def _leaves(scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Return leaves and light between them, far out of focus."""
    del scene, y
    shape = (x.shape[0], x.shape[1])
    green = np.array((0.22, 0.38, 0.14), np.float32) * float(rng.uniform(0.6, 1.5))
    green = green + rng.normal(0, 0.04, 3).astype(np.float32)
    cells = float(rng.uniform(4, 9))
    depth = fbm(shape, rng, cells=(cells, cells), octaves=4, gain=0.65)
    leaves = np.clip(green, 0.02, 1) * (0.3 + 1.5 * depth**1.6)[..., None]
    soft = blurred(leaves, shape[0] * float(rng.uniform(0.008, 0.025)))
    sun = np.array((0.95, 0.96, 0.7), np.float32) * float(rng.uniform(0.3, 0.7))
    return 1 - (1 - np.clip(soft, 0, 1)) * (1 - _discs(shape, rng, 14, sun))


def _discs(
    shape: tuple[int, int], rng: np.random.Generator, most: int, tint: Floats | None = None
) -> Floats:
    """Return lights (H, W, 3) out of focus on black: discs of one tint or of many."""
    height, width = shape
    lights = np.zeros((height, width, 3), np.float32)
    count = int(rng.integers(5, most))
    spots, sizes = rng.random((count, 2)), rng.uniform(0.02, 0.09, count)
    for (u, v), size in zip(spots, sizes, strict=True):
        disc = np.zeros((height, width), np.uint8)
        centre = int(u * width * 16), int(v * height * 16)
        cv2.circle(disc, centre, int(size * height * 16), 255, -1, cv2.LINE_AA, 4)
        shown = _natural(rng) if tint is None else tint
        lights = np.maximum(lights, disc[..., None] * (shown * float(rng.uniform(0.3, 0.8)) / 255))
    return blurred(lights, height * float(rng.uniform(0.004, 0.02)))


def _table(scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Return a table top before a wall, a lamp or a window at one side."""
    shape = (x.shape[0], x.shape[1])
    edge = float(rng.uniform(0.45, 0.75)) + float(rng.normal(0, 0.03)) * (x - scene.aspect / 2)
    streaks = fbm(shape, rng, cells=(22, 2), octaves=3) - 0.5
    wood = _natural(rng) * (1 + float(rng.uniform(0, 0.5)) * streaks)[..., None]
    wall = np.broadcast_to(_natural(rng), wood.shape)
    soft = float(rng.uniform(0.004, 0.03))
    colours = blend(wall, wood, smoothstep(-soft, soft, y - edge))
    lamp = float(rng.choice([-0.1, 1.1])) * scene.aspect, float(rng.uniform(-0.1, 0.5))
    fall = np.hypot(x - lamp[0], y - lamp[1]) / scene.aspect
    return colours * (1.35 - float(rng.uniform(0.4, 0.8)) * fall)[..., None]


def _faraway(scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Return a landscape without things, more or less in focus."""
    place = replace(landscape(rng, scene.seed, scene.aspect), things=(), manner="photo")
    above = clouds(sky(place, x, y, rng), place, x, y, rng)
    colours = land(above, place, x, y, rng)
    return blurred(colours, x.shape[0] * float(rng.choice([0.0, 0.004, 0.012, 0.024])))


def photographed(colours: Floats, rng: np.random.Generator) -> Floats:
    """Return a picture as a camera would have taken it."""
    height, width = colours.shape[:2]
    chances, softness = rng.random(4), float(rng.uniform(0.0015, 0.0045))
    gamma, cast = float(rng.uniform(0.82, 1.22)), rng.normal(1, 0.035, 3).astype(np.float32)
    fall, noise = float(rng.uniform(0.05, 0.35)), float(rng.uniform(0.012, 0.05))
    if chances[0] < 0.35:
        colours = blurred(colours, softness * height)
    if chances[1] < 0.5:
        colours = np.clip(colours, 0, 1) ** gamma * cast
    if chances[2] < 0.4:
        across = np.linspace(-1, 1, width, dtype=np.float32)[None]
        down = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        colours = colours * (1 - fall * (across**2 + down**2) / 2)[..., None]
    if chances[3] < 0.75:
        specks = grain((height, width), rng, 256)
        colours = colours + noise * specks[..., None] * (0.6 + 0.4 * (1 - colours))
    return np.clip(colours, 0, 1).astype(np.float32)
