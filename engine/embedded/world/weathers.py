"""Weather in front of the view: fog by distance, rain in streaks, snow in flakes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.embedded.world import palette
from engine.embedded.world.fields import Floats, blend, fbm
from engine.embedded.world.scenes import Scene

_FINE = 2


def misty(colours: Floats, scene: Scene, y: Floats, rng: np.random.Generator) -> Floats:
    """Return the view with fog in it: thickest at the horizon, thinner near by."""
    if scene.weather != "fog":
        return colours
    height, width = y.shape
    light = palette.rgb(palette.CLOUD_LIGHT[scene.time]).mean()
    pale = np.array((0.94, 0.96, 1.0), np.float32) * (0.08 + 0.82 * light)
    edge = min(scene.horizon, 1.0)
    banks = 0.25 * (fbm((height, width), rng, cells=(5, 1.5), octaves=3) - 0.5)
    thick = np.where(y < edge, 0.85 - 0.35 * (edge - y), 0.85 - 1.1 * (y - edge))
    return blend(colours, pale, np.clip(thick + banks, 0, 0.93))


def falling(colours: Floats, scene: Scene, rng: np.random.Generator) -> Floats:
    """Return the picture with the rain or the snow that falls in front of everything."""
    if scene.weather not in ("rain", "snow"):
        return colours
    height, width = colours.shape[:2]
    mask = np.zeros((height * _FINE, width * _FINE), np.uint8)
    draw = _streaks if scene.weather == "rain" else _flakes
    draw(mask, scene, height * _FINE, rng)
    small = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    tint = palette.rgb("#dfe9f4" if scene.weather == "rain" else "#ffffff")
    power = {"night": 0.72, "dusk": 0.85}.get(scene.time, 1.0)
    return blend(colours, tint * power, small * (0.62 if scene.weather == "rain" else 0.94))


def _streaks(mask: NDArray[np.uint8], scene: Scene, height: int, rng: np.random.Generator) -> None:
    count = int(rng.integers(70, 110) * scene.aspect)
    slant = float(rng.uniform(0.1, 0.4))
    starts = rng.uniform((-0.2, -0.15), (scene.aspect + 0.1, 1.0), (count, 2))
    lengths = rng.uniform(0.05, 0.11, count)
    half = 0.0026
    runs = np.stack([slant * lengths, lengths], -1)
    sideways = np.array((half, 0.0))
    corners = np.stack([starts - sideways, starts + sideways, starts + runs], 1) * height
    cv2.fillPoly(mask, list(np.round(corners * 16).astype(np.int32)), 255, cv2.LINE_AA, 4)


def _flakes(mask: NDArray[np.uint8], scene: Scene, height: int, rng: np.random.Generator) -> None:
    count = int(rng.integers(70, 120) * scene.aspect)
    spots = rng.uniform(0, (scene.aspect, 1.0), (count, 2))
    sizes = rng.choice([0.005, 0.008, 0.012], count, p=[0.45, 0.38, 0.17])
    for (x, y), size in zip(spots, sizes, strict=True):
        centre = (int(x * height * 16), int(y * height * 16))
        cv2.circle(mask, centre, int(size * height * 16), 255, -1, cv2.LINE_AA, 4)
