"""What lies under the sky: ridges fading far away, fields and paths, water and beaches."""

from __future__ import annotations

import cv2
import numpy as np

from engine.embedded.world import palette
from engine.embedded.world.fields import Floats, blend, fbm, smoothstep
from engine.embedded.world.landscapes import course_at
from engine.embedded.world.scenes import Scene
from engine.embedded.world.waters import lake, river, sea

_FINE = 2


def land(colours: Floats, scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Return the picture with the scene's land and water laid over the lower part of the sky."""
    if scene.horizon > 1:
        return colours
    if scene.far != "none":
        colours = _ridges(colours, scene, x, y, rng)
    if scene.near in ("sea", "beach"):
        colours = sea(colours, scene, x, y, rng)
        return _sand(colours, scene, x, y, rng) if scene.near == "beach" else colours
    above = colours
    colours = _meadow(colours, scene, x, y, rng)
    if scene.near == "lake":
        return lake(colours, above, scene, x, y, rng)
    if scene.near == "river":
        return river(colours, above, course_mask(scene, x.shape[0], x.shape[1]), scene, y, rng)
    return _trodden(colours, scene, x, rng) if scene.near == "path" else colours


def ground_light(scene: Scene) -> Floats:
    """Return what the hour and the weather do to the land's colours: a factor (3,)."""
    light = palette.rgb(palette.AMBIENT[scene.time])
    return light * (0.84 if scene.weather in ("rain", "fog") else 1.0)


def _horizon_colour(colours: Floats, scene: Scene) -> Floats:
    row = min(colours.shape[0] - 1, max(0, int(scene.horizon * colours.shape[0]) - 1))
    return colours[row].mean(axis=0).astype(np.float32)


def _skyline(
    width: int, aspect: float, rng: np.random.Generator, lumps: float, rough: int, peaks: bool
) -> Floats:
    """Return a skyline: heights in about [0, 1] for every column."""
    line = np.zeros(width, np.float32)
    weight = 1.0
    for octave in range(rough):
        count = max(3, round(lumps * aspect * 2**octave)) + 3
        knots = rng.random((1, count), dtype=np.float32)
        kind = cv2.INTER_LINEAR if peaks else cv2.INTER_CUBIC
        line += weight * cv2.resize(knots, (width, 1), interpolation=kind)[0]
        weight *= 0.42 if peaks else 0.3
    low, high = float(line.min()), float(line.max())
    return (line - low) / max(high - low, 1e-3)


def _ridges(
    colours: Floats, scene: Scene, x: Floats, y: Floats, rng: np.random.Generator
) -> Floats:
    """Return layers of hills or mountains, each nearer one darker and clearer."""
    height, width = y.shape
    haze = _horizon_colour(colours, scene)
    peaks = scene.far == "mountains"
    rock = palette.rgb("#6f7d93") if peaks else palette.rgb(palette.LAND["day"])
    near = palette.jittered(rock, 0.03, rng) * ground_light(scene)
    layers = int(rng.integers(1, 3)) + (0 if peaks else 1)
    for layer in range(layers):
        depth = (layer + 1) / layers
        relief = float(rng.uniform(0.2, 0.3) if peaks else rng.uniform(0.07, 0.13))
        relief *= 1.0 if layer == 0 else 0.6
        lumps = float(rng.uniform(2.2, 3.6) if peaks else rng.uniform(1.0, 2.2))
        line = _skyline(width, scene.aspect, rng, lumps, 5 if peaks else 2, peaks)
        top = scene.horizon + 0.02 - relief * (0.3 + 0.7 * line) + 0.04 * layer
        inside = np.clip((y - top) * height + 0.5, 0, 1)
        tone = haze + (near - haze) * (0.42 + 0.5 * depth)
        paint = _slopes(tone, line, top, x, y, rng, scene) if peaks else _rounded(tone, top, y)
        colours = blend(colours, paint, inside)
    return colours


def _rounded(tone: Floats, top: Floats, y: Floats) -> Floats:
    light = 1.1 - 0.3 * np.clip((y - top) / 0.22, 0, 1)
    return tone * light[..., None]


def _slopes(
    tone: Floats,
    line: Floats,
    top: Floats,
    x: Floats,
    y: Floats,
    rng: np.random.Generator,
    scene: Scene,
) -> Floats:
    """Return a mountain's paint: sides in light and in shade, snow on its peaks."""
    height, width = y.shape
    coarse = cv2.GaussianBlur(line[None], (0, 0), width * 0.012)[0]
    falls = np.gradient(coarse) * width / scene.aspect
    below = np.clip(y - top, 0, 1)
    jag = fbm((height, width), rng, cells=(9, 9), octaves=3) - 0.5
    column = np.clip((x + 0.25 * below + 0.06 * jag) * height, 0, width - 1).astype(np.int32)
    lit = smoothstep(-0.5, 0.5, falls[column] + 1.1 * jag)
    light = 0.78 + 0.42 * lit - 0.16 * np.clip(below / 0.3, 0, 1)
    paint = tone * light[..., None]
    if scene.time in ("day", "dawn") or scene.weather == "snow":
        limit = 0.10 * np.clip(line - 0.35, 0, 1) + (0.2 if scene.weather == "snow" else 0.0)
        cap = 1 - smoothstep(-0.01, 0.01, below - limit * (1 + 1.6 * jag) - 0.015 * line)
        white = palette.rgb("#f4f6fb") * (0.8 + 0.2 * lit)[..., None] * ground_light(scene)
        paint = blend(paint, white, cap * 0.92)
    return paint


def _meadow(
    colours: Floats, scene: Scene, x: Floats, y: Floats, rng: np.random.Generator
) -> Floats:
    """Return the picture with a field: paler far away, with tufts of grass in front."""
    height, width = y.shape
    snowy = scene.weather == "snow"
    haze = _horizon_colour(colours, scene)
    codes = ("#5f9a3c", "#6fa544", "#86a84a", "#4f8f45")
    base = palette.rgb("#eef2f7") if snowy else palette.rgb(codes[int(rng.integers(4))])
    base = palette.jittered(base, 0.015, rng) * ground_light(scene)
    bend = 0.012 * np.sin(x * float(rng.uniform(2, 4)) + float(rng.uniform(0, 6)))
    depth = np.clip((y - scene.horizon - bend) / (1 - scene.horizon), 0, 1)
    tone = 1.1 - 0.26 * depth
    if scene.manner not in ("flat", "pixel"):
        spots = fbm((height, width), rng, cells=(16, 4), octaves=3) - 0.5
        tone = tone + 0.22 * spots
    far = 0.32 * (1 - depth) ** 3
    paint = base * tone[..., None]
    paint = paint + (haze - paint) * far[..., None]
    inside = np.clip((y - scene.horizon - bend) * height + 0.5, 0, 1)
    colours = blend(colours, paint, inside)
    tint = palette.darker(base, 0.74) if not snowy else palette.darker(base, 0.86)
    return blend(colours, tint, _tufts(scene, height, width, rng) * (0.35 if snowy else 0.8))


def _tufts(scene: Scene, height: int, width: int, rng: np.random.Generator) -> Floats:
    """Return the coverage (H, W) of tufts of grass, larger in front."""
    mask = np.zeros((height * _FINE, width * _FINE), np.uint8)
    count = int(rng.integers(20, 38) * scene.aspect)
    deep = np.sqrt(rng.uniform(0.05, 1, count))
    spots = np.stack([rng.random(count) * scene.aspect,
                      scene.horizon + deep * (1 - scene.horizon)], -1)  # fmt: skip
    sizes = (0.012 + 0.03 * deep)[:, None, None]
    blades = np.array(
        [[(-0.5, 0), (-0.62, -0.8), (-0.22, 0)], [(-0.2, 0), (0.02, -1.1), (0.2, 0)],
         [(0.22, 0), (0.64, -0.75), (0.5, 0)]], np.float32,
    )  # fmt: skip
    for blade in blades:
        corners = (blade[None] * sizes + spots[:, None]) * height * _FINE - 0.5
        cv2.fillPoly(mask, list(np.round(corners * 16).astype(np.int32)), 255, cv2.LINE_AA, 4)
    small = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / 255


def course_mask(scene: Scene, height: int, width: int) -> Floats:
    """Return the coverage (H, W) of the scene's river or path."""
    levels = np.linspace(scene.horizon + 0.004, 1.02, 28)
    sides = [course_at(scene, float(level)) for level in levels]
    left = [(m - h, v) for (m, h), v in zip(sides, levels, strict=True)]
    right = [(m + h, v) for (m, h), v in zip(sides, levels, strict=True)]
    outline = np.array(left + right[::-1], np.float32) * height * _FINE - 0.5
    mask = np.zeros((height * _FINE, width * _FINE), np.uint8)
    cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    small = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / 255


def _trodden(colours: Floats, scene: Scene, x: Floats, rng: np.random.Generator) -> Floats:
    height, width = x.shape
    mask = course_mask(scene, height, width)
    light = ground_light(scene)
    sand = palette.jittered(palette.rgb("#d9bd8c"), 0.025, rng) * light
    edge = cv2.GaussianBlur(mask, (0, 0), height * 0.012)
    colours = colours * (1 - 0.25 * edge * (1 - mask))[..., None]
    tone = 0.84 + 0.2 * np.clip(edge * 1.6 - 0.6, 0, 1)
    if scene.manner not in ("flat", "pixel"):
        tone = tone + 0.12 * (fbm((height, width), rng, cells=(22, 10), octaves=2) - 0.5)
    return blend(colours, sand * tone[..., None], mask)


def _sand(colours: Floats, scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Return the picture with a beach in front of its sea: wet sand, foam, dry sand."""
    height, width = y.shape
    light = ground_light(scene)
    base = palette.jittered(palette.rgb("#ecd5a0"), 0.02, rng) * light
    waves = float(rng.uniform(3, 6)), float(rng.uniform(0, 6))
    shore = scene.water.bottom + 0.014 * np.sin(x * waves[0] + waves[1])
    shore = shore + 0.006 * np.sin(x * waves[0] * 2.7 + waves[1] * 2)
    below = y - shore
    tone = 1.02 - 0.14 * np.clip(below / 0.4, 0, 1) - 0.2 * smoothstep(0.05, 0.0, below)
    if scene.manner not in ("flat", "pixel"):
        tone = tone + 0.1 * (fbm((height, width), rng, cells=(14, 7), octaves=4) - 0.5)
    colours = blend(colours, base * tone[..., None], np.clip(below * height + 0.5, 0, 1))
    foam = np.exp(-((below / 0.009) ** 2)) * 0.9 + np.exp(-(((below + 0.035) / 0.006) ** 2)) * 0.4
    return blend(colours, palette.rgb("#fbfbf6") * (0.3 + 0.7 * light), foam)
