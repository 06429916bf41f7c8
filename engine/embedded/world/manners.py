"""Manners of painting: the same picture as watercolour, oil, ink, chalk pastel or pixels.

Lengths are shares of the height and noise has a fixed fineness, so that a manner looks the same
at every size. A manner keeps every colour's name and every thing's place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from engine.embedded.world.fields import Floats, blend, blurred, fbm, grain, smoothstep
from engine.embedded.world.palette import rgb
from engine.embedded.world.scenes import Scene
from engine.embedded.world.shapes import SHAPES

_PAPERS = ("#6a635c", "#7d7264", "#5c6470", "#8a7d6a")
_BAYER = (
    np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) / 16 - 0.47
)


def mannered(colours: Floats, scene: Scene, rng: np.random.Generator) -> Floats:
    """Return the picture (H, W, 3) as painted in the scene's manner."""
    paint = _MANNERS.get(scene.manner)
    return paint(np.clip(colours, 0, 1).astype(np.float32), scene, rng) if paint else colours


def _moved(colours: Floats, across: Floats, down: Floats) -> Floats:
    """Return the picture with every pixel fetched from beside it; offsets in pixels."""
    height, width = across.shape
    x = np.arange(width, dtype=np.float32) + across.astype(np.float32)
    y = np.arange(height, dtype=np.float32)[:, None] + down.astype(np.float32)
    moved = cv2.remap(colours, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return moved.astype(np.float32)


def _luma(colours: Floats) -> Floats:
    return (colours @ np.array((0.3, 0.55, 0.15), np.float32)).astype(np.float32)


def _contours(colours: Floats, share: float) -> Floats:
    """Return how much the colours change within a share of the height: 0 where they do not."""
    height = colours.shape[0]
    side = max(2, round(share * height))
    kernel = np.ones((side, side), np.uint8)
    change = cv2.morphologyEx(colours, cv2.MORPH_GRADIENT, kernel)
    return change.max(axis=-1).astype(np.float32)


def _watercolour(colours: Floats, scene: Scene, rng: np.random.Generator) -> Floats:
    del scene
    height, width = colours.shape[:2]
    shape = (height, width)
    sway = [fbm(shape, rng, cells=(9, 9), octaves=2) - 0.5 for _ in range(2)]
    colours = _moved(colours, sway[0] * 0.018 * height, sway[1] * 0.018 * height)
    rims = blurred(_contours(colours, 0.016), 0.005 * height)
    wet = 0.82 * blurred(colours, 0.004 * height) + 0.18 * blurred(colours, 0.03 * height)
    wash = fbm(shape, rng, cells=(3.5, 3.5), octaves=4) - 0.5
    specks = grain(shape, rng, 256) * 0.03 + grain(shape, rng, 128) * 0.025
    density = 0.89 + 0.26 * wash + 0.2 * smoothstep(0.08, 0.4, rims) + specks
    paper = rgb("#fcf9f1")
    painted = paper * (1 - (1 - wet) * np.clip(density, 0.5, 1.12)[..., None])
    y = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / height
    x = (np.arange(width, dtype=np.float32)[None] + 0.5) / height
    margin = np.minimum(np.minimum(x, width / height - x), np.minimum(y, 1 - y))
    dry = smoothstep(0.02, 0.034, margin + 0.035 * (sway[0] + wash))
    return blend(np.broadcast_to(paper, painted.shape), painted, dry)


def _flow(colours: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return unit steps along what the picture shows: a brush follows the edges."""
    height, width = colours.shape[:2]
    calm = blurred(_luma(colours), 0.02 * height)
    gx = blurred(cv2.Sobel(calm, cv2.CV_32F, 1, 0) * height, 0.015 * height)
    gy = blurred(cv2.Sobel(calm, cv2.CV_32F, 0, 1) * height, 0.015 * height)
    angle = (fbm((height, width), rng, cells=(2.5, 2.5), octaves=2) - 0.5) * 5.0
    drift = 2.2
    u, v = -gy + drift * np.cos(angle), gx + drift * 0.6 * np.sin(angle)
    norm = np.maximum(np.hypot(u, v), 1e-3)
    return u / norm, v / norm


def _oil(colours: Floats, scene: Scene, rng: np.random.Generator) -> Floats:
    del scene
    height, width = colours.shape[:2]
    side = max(3, round(0.011 * height) * 2 + 1)
    daubs = cv2.medianBlur(np.round(colours * 255).astype(np.uint8), side)
    u, v = _flow(colours, rng)
    bristles = grain((height, width), rng, 112)
    daubed = daubs.astype(np.float32) / 255
    patches = fbm((height, width), rng, cells=(22, 22), octaves=2) - 0.5
    daubed = _moved(daubed, 0.024 * height * patches * u, 0.024 * height * patches * v)
    combed, weights = np.zeros_like(bristles), 0.0
    smeared = np.zeros_like(daubed)
    for step in (-3, -2, -1, 0, 1, 2, 3):
        reach = step * 0.007 * height
        combed += _moved(bristles, u * reach, v * reach)
        if step % 2 == 1 or step == 0:
            smeared += _moved(daubed, u * reach, v * reach)
            weights += 1
    combed = combed / 7
    ridge = cv2.Sobel(combed, cv2.CV_32F, 1, 1, ksize=3) * (height / 128) ** 1.5
    relief = np.clip(combed * 0.17 - ridge * 0.04, -0.2, 0.2)
    painted = smeared / weights
    rich = painted + (painted - _luma(painted)[..., None]) * 0.12
    lost = np.abs(colours - painted).max(axis=-1)  # stars, birds, windows: the last touches
    rich = blend(rich, colours, smoothstep(0.10, 0.40, lost) * 0.8)
    return rich * (1 + relief[..., None]) + 0.12 * np.maximum(relief, 0)[..., None]


def _ink(colours: Floats, scene: Scene, rng: np.random.Generator) -> Floats:
    del scene
    height, width = colours.shape[:2]
    shape = (height, width)
    sway = (fbm(shape, rng, cells=(7, 7), octaves=2) - 0.5) * 0.016 * height
    colours = _moved(colours, sway, -sway)
    pressure = 0.75 + 0.6 * fbm(shape, rng, cells=(8, 8), octaves=2)
    side = max(3, round(0.009 * height) * 2 + 1)
    calm = cv2.medianBlur(np.round(colours * 255).astype(np.uint8), side)  # no rings about stars
    lines = smoothstep(0.14, 0.40, _contours(calm.astype(np.float32) / 255, 0.0115) * pressure)
    y = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / height
    x = (np.arange(width, dtype=np.float32)[None] + 0.5) / height
    dark = 1 - _luma(blurred(colours, 0.008 * height))
    wobble = 0.25 * sway / height * 60
    hatch = np.sin((x + y) * (2 * np.pi * 22) + wobble)
    cross = np.sin((x - y) * (2 * np.pi * 22) - wobble)
    strokes = smoothstep(0.45, 0.85, hatch) * smoothstep(0.42, 0.68, dark)
    strokes = np.maximum(strokes, smoothstep(0.5, 0.9, cross) * smoothstep(0.72, 0.86, dark))
    paper = rgb("#f8f2e2")
    wash = paper * (1 - (1 - colours) * 0.86)
    inked = np.maximum(lines * 0.94, strokes * 0.5)
    return blend(wash, rgb("#1b1820"), inked)


def _pastel(colours: Floats, scene: Scene, rng: np.random.Generator) -> Floats:
    del scene
    height, width = colours.shape[:2]
    shape = (height, width)
    paper = rgb(_PAPERS[int(rng.integers(len(_PAPERS)))])
    tooth = grain(shape, rng, 256) * 0.5 + grain(shape, rng, 128)
    length = max(3, round(0.05 * height))
    slant = np.eye(length, dtype=np.float32)[:, ::-1] / length
    rubbed = cv2.filter2D(grain(shape, rng, 128), -1, slant, borderType=cv2.BORDER_REFLECT_101)
    loose = tooth * 0.004 * height
    colours = _moved(colours, loose, -loose)
    colours = 0.75 * colours + 0.25 * blurred(colours, 0.012 * height)
    cover = smoothstep(-1.6, 0.9, tooth * 0.55 + rubbed * 1.9 + 0.4)
    chalk = colours * 0.94 + 0.045 + 0.02 * tooth[..., None]
    return blend(np.broadcast_to(paper, chalk.shape), chalk, 0.5 + 0.46 * cover)


def _pixels(colours: Floats, scene: Scene, rng: np.random.Generator) -> Floats:
    del rng
    height, width = colours.shape[:2]
    large = scene.kind == "shape" and all(
        thing.radius >= (0.13 if thing.noun in SHAPES else 0.27) for thing in scene.things
    )
    rows = 32 if large else 64
    columns = max(2, round(rows * width / height))
    coarse = cv2.resize(colours, (columns, rows), interpolation=cv2.INTER_AREA)
    spots = ((np.arange(rows) + 0.5) * height / rows).astype(int)
    across = ((np.arange(columns) + 0.5) * width / columns).astype(int)
    coarse = 0.25 * coarse + 0.75 * colours[spots[:, None], across[None]]  # hard edges
    levels = 7.0 if scene.kind == "land" else 15.0
    dither = np.tile(_BAYER, (rows // 4 + 1, columns // 4 + 1))[:rows, :columns, None]
    strength = 0.45 if scene.kind == "land" else 0.0
    coarse = np.round(coarse * levels + dither * strength) / levels
    way = cv2.INTER_NEAREST if height >= rows else cv2.INTER_AREA
    shown = cv2.resize(coarse.astype(np.float32), (width, height), interpolation=way)
    return shown.astype(np.float32)


_MANNERS: Mapping[str, Callable[[Floats, Scene, np.random.Generator], Floats]] = {
    "watercolour": _watercolour,
    "oil": _oil,
    "ink": _ink,
    "pastel": _pastel,
    "pixel": _pixels,
}
