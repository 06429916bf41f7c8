"""What lies under the sky: sea with its reflections, hills and mountains fading far away."""

from __future__ import annotations

import cv2
import numpy as np

from engine.embedded.world import palette
from engine.embedded.world.fields import Floats, blend, fbm, screen, smoothstep
from engine.embedded.world.scenes import Scene
from engine.embedded.world.skies import body_light


def land(colours: Floats, scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Return the picture with sea, hills or mountains laid over the lower part of the sky."""
    if scene.land == "sea":
        return _sea(colours, scene, x, y, rng)
    if scene.land == "hills":
        return _ridges(colours, scene, y, rng, peaks=False)
    if scene.land == "mountains":
        return _ridges(colours, scene, y, rng, peaks=True)
    return colours


def _horizon_colour(colours: Floats, scene: Scene) -> Floats:
    row = min(colours.shape[0] - 1, max(0, int(scene.horizon * colours.shape[0]) - 1))
    return np.median(colours[row], axis=0).astype(np.float32)


def _waves(scene: Scene, y: Floats, rng: np.random.Generator) -> Floats:
    """Return ripples in about [0, 1]: flat and fine at the horizon, long and wide in front."""
    height, width = y.shape
    flat = fbm((height, width), rng, cells=(26, 3.2), octaves=3, gain=0.6)
    depth = np.clip((y[:, 0] - scene.horizon) / (1.0 - scene.horizon + 1e-3), 0, 1)
    rows = (np.sqrt(depth) * (height - 1)).astype(np.float32)
    grid_y = np.repeat(rows[:, None], width, axis=1)
    grid_x = np.repeat(np.arange(width, dtype=np.float32)[None], height, axis=0)
    bent = cv2.remap(flat, grid_x, grid_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return bent.astype(np.float32)


def _sea(colours: Floats, scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    far = _horizon_colour(colours, scene)
    deep_code = {"day": "#1d5c8f", "dawn": "#4b5f8c", "sunset": "#4a3150", "dusk": "#1f2b4f"}
    deep = palette.jittered(palette.rgb(deep_code.get(scene.time, "#060f24")), 0.025, rng)
    depth = np.clip((y - scene.horizon) / (1.02 - scene.horizon), 0, 1)
    near = 0.72 * deep + 0.28 * far * deep.max()
    water = 0.82 * far + (near - 0.82 * far) * (depth**0.55)[..., None]
    waves = _waves(scene, y, rng)
    ripple = (waves - 0.5) * (0.10 + 0.16 * depth)
    water = np.clip(water * (1 + 1.3 * ripple[..., None]), 0, 1)
    if scene.body != "none":
        light = body_light(scene, rng)
        spread = scene.radius * (0.55 + 1.7 * depth)
        column = np.exp(-(((x - scene.centre[0]) / spread) ** 2))
        glitter = smoothstep(0.46, 0.66, waves) * 0.85 + 0.22 * (1 - depth)
        power = 0.95 if scene.body == "sun" else 0.75
        water = screen(water, light, (power * column * glitter).astype(np.float32))
    edge = np.clip((y - scene.horizon) * y.shape[0] + 0.5, 0, 1)
    return blend(colours, water.astype(np.float32), edge)


def _ridge_line(
    width: int, rng: np.random.Generator, lumps: float, rough: int, peaks: bool
) -> Floats:
    """Return a skyline: heights in about [0, 1] for every column."""
    line = np.zeros(width, np.float32)
    weight = 1.0
    for octave in range(rough):
        count = max(3, round(lumps * 2**octave)) + 3
        knots = rng.random((1, count), dtype=np.float32)
        kind = cv2.INTER_LINEAR if peaks else cv2.INTER_CUBIC
        line += weight * cv2.resize(knots, (width, 1), interpolation=kind)[0]
        weight *= 0.42 if peaks else 0.3
    low, high = float(line.min()), float(line.max())
    return (line - low) / max(high - low, 1e-3)


def _ridges(
    colours: Floats, scene: Scene, y: Floats, rng: np.random.Generator, *, peaks: bool
) -> Floats:
    height, width = y.shape
    haze = _horizon_colour(colours, scene)
    near = palette.jittered(palette.rgb(palette.LAND[scene.time]), 0.03, rng)
    layers = int(rng.integers(2, 5))
    for layer in range(layers):
        depth = (layer + 1) / layers
        far_peak = peaks and layer == 0
        relief = rng.uniform(0.2, 0.32) if far_peak else rng.uniform(0.06, 0.13)
        lumps = rng.uniform(2.0, 3.5) if far_peak else rng.uniform(1.0, 2.4)
        rough = 5 if far_peak else 2
        skyline = _ridge_line(width, rng, lumps * scene.aspect, rough, far_peak)
        base = scene.horizon + (1.0 - scene.horizon) * layer / layers
        top = base + 0.04 - relief * skyline
        inside = np.clip((y - top) * height + 0.5, 0, 1)
        tone = haze + (near - haze) * (0.34 + 0.66 * depth) ** 1.2
        paint = _textured(
            tone, top, y, rng, far_peak and scene.time in ("day", "dawn"), skyline, depth
        )
        colours = blend(colours, paint, inside)
    return colours


def _textured(
    tone: Floats,
    top: Floats,
    y: Floats,
    rng: np.random.Generator,
    snow: bool,
    skyline: Floats,
    depth: float,
) -> Floats:
    below = np.clip((y - top) / 0.3, 0, 1)
    grain = fbm((y.shape[0], y.shape[1]), rng, cells=(14, 7), octaves=3) - 0.5
    light = 1.10 - 0.30 * below + 0.22 * grain * (0.4 + 0.6 * depth)
    paint = np.clip(tone * light[..., None], 0, 1)
    if snow:
        line = 0.13 * np.clip(skyline - 0.45, 0, 1) + 0.10 * grain * np.clip(skyline, 0, 1)
        cap = 1 - smoothstep(-0.008, 0.008, (y - top) - line)
        paint = blend(paint.astype(np.float32), palette.rgb("#f1f4fb"), cap * 0.85)
    return paint.astype(np.float32)
