"""Water: the sea, a lake, a river. It mirrors what lies behind it, broken by ripples."""

from __future__ import annotations

import cv2
import numpy as np

from engine.embedded.world import palette
from engine.embedded.world.fields import Floats, blend, fbm, screen, smoothstep
from engine.embedded.world.scenes import Scene
from engine.embedded.world.skies import body_light, body_of

_DEEP = {
    "day": "#1f6a9c", "dawn": "#4b6f96", "sunset": "#4a3a5c", "dusk": "#1f2b4f", "night": "#08142c",
}  # fmt: skip

_RIVER = {**_DEEP, "dawn": "#5f86b8", "sunset": "#4f6aa6", "dusk": "#35508c"}


def _waves(top: float, y: Floats, rng: np.random.Generator) -> Floats:
    """Return ripples in about [0, 1]: flat and fine at the top, long and wide in front."""
    height, width = y.shape
    flat = fbm((height, width), rng, cells=(26, 3.2), octaves=3, gain=0.6)
    depth = np.clip((y[:, :1] - top) / (1.0 - top + 1e-3), 0, 1)
    rows = np.broadcast_to(np.sqrt(depth) * (height - 1), y.shape).astype(np.float32)
    columns = np.broadcast_to(np.arange(width, dtype=np.float32), y.shape)
    bent = cv2.remap(flat, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return bent.astype(np.float32)


def _mirrored(
    above: Floats, edge: float, squeeze: float, x: Floats, y: Floats, waves: Floats
) -> Floats:
    """Return what lies above an edge, upside down below it and broken by the waves."""
    height = y.shape[0]
    depth = np.clip(y - edge, 0, 1)
    swing = (waves - 0.5) * (0.02 + 0.26 * depth)
    rows = (edge - depth * squeeze - np.abs(swing) * 0.3) * height - 0.5
    columns = (x + swing * 0.7) * height - 0.5
    turned = cv2.remap(
        above.astype(np.float32),
        np.ascontiguousarray(columns, np.float32),
        np.ascontiguousarray(rows, np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return turned.astype(np.float32)


def _surface(
    above: Floats, edge: float, scene: Scene, x: Floats, y: Floats, rng: np.random.Generator
) -> Floats:
    """Return water over the whole picture, as it looks below an edge."""
    flat = scene.manner in ("flat", "pixel")
    waves = _waves(edge, y, rng)
    deep = palette.jittered(palette.rgb(_DEEP[scene.time]), 0.02, rng)
    if scene.weather in ("rain", "fog", "snow"):
        deep = 0.5 * deep + 0.5 * deep.mean()
    depth = np.clip((y - edge) / (1.02 - edge), 0, 1)
    image = _mirrored(above, edge, 0.9, x, y, waves * 0.6 + 0.2 if flat else waves)
    share = 0.30 + 0.5 * depth**0.6
    water = image * (0.95 - 0.1 * depth)[..., None]
    water = water + (deep - water) * share[..., None]
    if flat:
        crest = smoothstep(0.62, 0.66, waves)
        water = blend(water, palette.lighter(deep, 0.35), crest * 0.5)
    else:
        water = water * (1 + (waves - 0.5) * (0.16 + 0.22 * depth))[..., None]
    return _glittering(water, edge, scene, x, depth, waves, rng)


def _glittering(
    water: Floats,
    edge: float,
    scene: Scene,
    x: Floats,
    depth: Floats,
    waves: Floats,
    rng: np.random.Generator,
) -> Floats:
    body = body_of(scene)
    if body is None or body.centre[1] > edge + body.radius:
        return water
    light = body_light(scene, rng)
    spread = body.radius * (0.5 + 1.5 * depth)
    column = np.exp(-(((x - body.centre[0]) / spread) ** 2))
    sparks = smoothstep(0.46, 0.64, waves) * 0.85 + 0.2 * (1 - depth)
    low = scene.time in ("sunset", "dawn") or body.noun != "sun"
    return screen(water, light, column * sparks * (0.9 if low else 0.45))


def sea(colours: Floats, scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Return the picture with the sea below the horizon."""
    water = _surface(colours, scene.horizon, scene, x, y, rng)
    return blend(colours, water, np.clip((y - scene.horizon) * y.shape[0] + 0.5, 0, 1))


def lake(
    colours: Floats, above: Floats, scene: Scene, x: Floats, y: Floats, rng: np.random.Generator
) -> Floats:
    """Return the picture with a lake in its meadow; `above` is what the lake mirrors."""
    box = scene.water
    water = _surface(above, scene.horizon, scene, x, y, rng)
    across, down = (box.right - box.left) / 2, (box.bottom - box.top) / 2
    u, v = (x - box.left - across) / across, (y - box.top - down) / down
    wobble = 0.05 * np.sin(u * 5 + float(rng.uniform(0, 6)))
    inside = 1 - np.sqrt(np.abs(u) ** 2.6 + np.abs(v + wobble) ** 2.2)
    soft = down * y.shape[0]
    bank = np.clip((inside + 0.07) * soft + 0.5, 0, 1)
    shore = palette.rgb("#b79f6e") * palette.rgb(palette.AMBIENT[scene.time])
    shore = palette.rgb("#dfe6ee") * 0.9 if scene.weather == "snow" else shore
    return blend(blend(colours, shore, bank), water, np.clip(inside * soft + 0.5, 0, 1))


def river(
    colours: Floats,
    above: Floats,
    mask: Floats,
    scene: Scene,
    y: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Return the picture with a river where the mask (H, W) is, the sky's light on it."""
    height = y.shape[0]
    row = above[max(0, int(scene.horizon * height * 0.45))].mean(0)
    deep = palette.rgb(_RIVER[scene.time])
    depth = np.clip((y - scene.horizon) / (1 - scene.horizon), 0, 1)
    water = row + (deep - row) * (0.55 + 0.3 * depth)[..., None]
    waves = _waves(scene.horizon, y, rng)
    if scene.manner in ("flat", "pixel"):
        water = blend(water, palette.lighter(deep, 0.5), 0.6 * smoothstep(0.64, 0.68, waves))
    else:
        water = water * (1 + 0.5 * (waves - 0.5))[..., None]
    edge = cv2.GaussianBlur(mask, (0, 0), height * 0.012)
    colours = colours * (1 - 0.45 * edge * (1 - mask))[..., None]
    shade = 0.8 + 0.2 * np.clip(edge * 1.8 - 0.8, 0, 1)
    return blend(colours, water * shade[..., None], mask)
