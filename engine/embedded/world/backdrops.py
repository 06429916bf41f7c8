"""Backdrops like photographs: what a model must have seen to paint into a real picture.

Gradients, fractal lumps, horizontal bands, lights out of focus; and afterwards what a camera
adds: colour casts, contrast, vignettes, softness, grain.
"""

from __future__ import annotations

import cv2
import numpy as np

from engine.embedded.world import palette
from engine.embedded.world.fields import Floats, blend, blurred, fbm, gradient
from engine.embedded.world.scenes import TIMES, Scene


def backdrop(scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Return the colours (H, W, 3) of a made-up photograph's background."""
    makers = (_skylike, _skylike, _lumpy, _banded, _bokeh)
    return makers[int(rng.integers(len(makers)))](scene, x, y, rng)


def _natural(rng: np.random.Generator) -> Floats:
    hue, saturation = rng.uniform(0, 360), rng.uniform(0.03, 0.55)
    pixel = np.array([[[hue, saturation, rng.uniform(0.08, 0.95)]]], np.float32)
    return cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB)[0, 0]


def _skylike(scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Return a piece of a sky: a part of its gradient, veiled by soft clouds."""
    stops = palette.sky_stops(TIMES[int(rng.integers(len(TIMES)))], rng)
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
    places = tuple(np.sort(rng.random(count)))
    return gradient(t, [_natural(rng) for _ in range(count)], places)


def _bokeh(scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    colours = _lumpy(scene, x, y, rng)
    height, width = x.shape
    lights = np.zeros((height, width, 3), np.float32)
    for _ in range(int(rng.integers(4, 16))):
        centre = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
        radius = int(height * rng.uniform(0.02, 0.1))
        cv2.circle(lights, centre, radius, [float(c) for c in _natural(rng) * 0.6], -1, cv2.LINE_AA)
    return 1 - (1 - colours) * (1 - blurred(lights, height * rng.uniform(0.004, 0.03)))


def photographed(colours: Floats, rng: np.random.Generator) -> Floats:
    """Return a picture as a camera would have taken it."""
    height, width = colours.shape[:2]
    if rng.random() < 0.3:
        colours = blurred(colours, rng.uniform(0.3, 0.9) * height / 256)
    if rng.random() < 0.5:
        colours = np.clip(colours, 0, 1) ** float(rng.uniform(0.82, 1.22))
        colours = colours * rng.normal(1, 0.035, 3).astype(np.float32)
    if rng.random() < 0.3:
        across = np.linspace(-1, 1, width, dtype=np.float32)[None]
        down = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        fall = 1 - rng.uniform(0.05, 0.3) * (across**2 + down**2) / 2
        colours = colours * fall[..., None]
    if rng.random() < 0.6:
        grain = rng.normal(0, rng.uniform(0.003, 0.03), (height, width, 1)).astype(np.float32)
        colours = colours + blurred(grain[..., 0], rng.uniform(0, 0.7))[..., None]
    return np.clip(colours, 0, 1).astype(np.float32)
