"""Named colours and the colours of the sky: what "teal" or "dusk" means in this world.

Each name covers a range, not a point, so that a model learns the word and not one number.
Colours are float32 RGB in [0, 1], sRGB.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

# Hue in degrees, saturation and value as (low, high): OpenCV's HSV with V in [0, 1].
RANGES: Mapping[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "red": ((-8, 6), (0.78, 0.95), (0.72, 0.92)),
    "orange": ((20, 31), (0.80, 0.98), (0.92, 1.0)),
    "yellow": ((47, 56), (0.68, 0.92), (0.94, 1.0)),
    "green": ((100, 142), (0.55, 0.85), (0.45, 0.74)),
    "blue": ((212, 233), (0.68, 0.92), (0.62, 0.95)),
    "purple": ((266, 284), (0.50, 0.78), (0.48, 0.74)),
    "pink": ((322, 344), (0.30, 0.52), (0.95, 1.0)),
    "brown": ((20, 29), (0.58, 0.78), (0.36, 0.52)),
    "black": ((0, 360), (0.0, 0.20), (0.04, 0.13)),
    "white": ((30, 60), (0.0, 0.045), (0.95, 1.0)),
    "grey": ((0, 360), (0.0, 0.045), (0.42, 0.62)),
    "teal": ((174, 186), (0.75, 0.98), (0.46, 0.64)),
}
COLOURS: tuple[str, ...] = tuple(RANGES)

# Zenith, upper sky, lower sky, horizon; then the light that falls on clouds and on the land.
SKIES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "dawn": (
        ("#6f86b8", "#a9a6cf", "#f0b9b4", "#fde0b6"),
        ("#54689f", "#9d8fc0", "#f2a7a0", "#ffd7a1"),
    ),
    "day": (
        ("#2f74c8", "#5b9be0", "#9cc8f0", "#d9ecf8"),
        ("#3a86d0", "#74b3e8", "#b5dcf4", "#e8f4f7"),
        ("#4b8fc4", "#86b9dc", "#bcd9e8", "#dfe9ea"),
    ),
    "sunset": (
        ("#3b3f78", "#9a4f7e", "#ef7a4a", "#ffc45c"),
        ("#4b5b95", "#c0627a", "#f79055", "#ffd977"),
        ("#5a3c6e", "#b84a5e", "#f2683c", "#fdb04a"),
    ),
    "dusk": (
        ("#1d2a55", "#3d4682", "#7b6499", "#c98c96"),
        ("#22335c", "#3f5a8a", "#7f86a8", "#d1a596"),
    ),
    "night": (
        ("#060b20", "#0c1736", "#162a54", "#25426f"),
        ("#080a1c", "#101a3c", "#1c2b57", "#33466f"),
        ("#04121f", "#0a2238", "#143850", "#245068"),
    ),
}
CLOUD_LIGHT: Mapping[str, str] = {
    "dawn": "#ffe2d0", "day": "#ffffff", "sunset": "#ffb27a", "dusk": "#c9a3b4", "night": "#54648c",
}  # fmt: skip
CLOUD_SHADE: Mapping[str, str] = {
    "dawn": "#a79ac0", "day": "#a9bfd6", "sunset": "#8c4a68", "dusk": "#4b4a78", "night": "#1a2547",
}  # fmt: skip
LAND: Mapping[str, str] = {
    "dawn": "#6f7a5e", "day": "#4f8a3a", "sunset": "#5a4a34", "dusk": "#2f3a42", "night": "#0d1a22",
}  # fmt: skip
AMBIENT: Mapping[str, str] = {
    "dawn": "#f6e0de", "day": "#ffffff", "sunset": "#eec4a8", "dusk": "#8f93b4", "night": "#4c587c",
}  # fmt: skip


def rgb(code: str) -> Floats:
    """Return the colour of a hexadecimal code such as "#ff8800"."""
    parts = [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return np.array(parts, dtype=np.float32)


def shade(name: str, rng: np.random.Generator) -> Floats:
    """Return one of the colours that a name covers."""
    hue, saturation, value = (rng.uniform(*span) for span in RANGES[name])
    pixel = np.array([[[hue % 360, saturation, value]]], dtype=np.float32)
    return cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB)[0, 0]


def darker(colour: Floats, share: float) -> Floats:
    """Return a colour with only a share of its light."""
    return (colour * share).astype(np.float32)


def lighter(colour: Floats, share: float) -> Floats:
    """Return a colour a share of the way to white."""
    return (colour + (1 - colour) * share).astype(np.float32)


def jittered(colour: Floats, amount: float, rng: np.random.Generator) -> Floats:
    """Return a colour near another."""
    moved = colour + rng.normal(0, amount, 3) + rng.normal(0, amount)
    return np.clip(moved, 0, 1).astype(np.float32)


def sky_stops(time: str, rng: np.random.Generator) -> list[Floats]:
    """Return the four colours of a sky, zenith first."""
    choices = SKIES[time]
    stops = choices[int(rng.integers(len(choices)))]
    return [jittered(rgb(stop), 0.02, rng) for stop in stops]
