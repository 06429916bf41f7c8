"""What there is to be seen in a picture, before it is drawn or put into words.

A scene is plain attributes. The drawing follows them exactly, captions mention some of them,
CLIP learns to tell them apart, and the tests measure them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from engine.embedded.world.palette import COLOURS
from engine.embedded.world.shapes import SHAPES

Kind = Literal["shape", "sky", "photo"]
KINDS: tuple[Kind, ...] = ("shape", "sky", "photo")
BODIES = ("none", "sun", "full moon", "crescent moon")
TIMES = ("dawn", "day", "sunset", "dusk", "night")
LANDS = ("none", "sea", "hills", "mountains")
CLOUDS = ("none", "few", "many")
SIZES = ("small", "medium", "large")
PLACES_X = ("left", "centre", "right")
PLACES_Y = ("top", "middle", "bottom")
RADII = {"small": (0.10, 0.15), "medium": (0.19, 0.26), "large": (0.31, 0.38)}

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture's contents. Centre and radius are of the main object, in units of the height."""

    kind: Kind
    seed: int
    aspect: float = 1.0  # width / height
    shape: str = "none"
    colour: str = "none"
    ground: str = "none"
    body: str = "none"
    time: str = "none"
    land: str = "none"
    clouds: str = "none"
    stars: bool = False
    size: str = "none"
    centre: tuple[float, float] = (0.5, 0.5)
    radius: float = 0.0
    horizon: float = 2.0  # above 1: out of sight
    soft: float = 0.0  # how much shading and texture; 0 = flat

    @property
    def has_object(self) -> bool:
        """Whether there is something that a painter could select and ask for by name."""
        return self.shape != "none" or self.body != "none"

    @property
    def place(self) -> tuple[str, str]:
        """Where the main object lies: a pair of `PLACES_X` and `PLACES_Y`."""
        across = min(2, int(self.centre[0] / self.aspect * 3))
        return PLACES_X[max(0, across)], PLACES_Y[max(0, min(2, int(self.centre[1] * 3)))]


def pick(rng: np.random.Generator, items: Sequence[Item], weights: Sequence[float] = ()) -> Item:
    """Return one of the items, by weight where weights are given."""
    if not weights:
        return items[int(rng.integers(len(items)))]
    total = np.cumsum(weights)
    return items[int(np.searchsorted(total, rng.random() * total[-1], side="right"))]


def _placed(rng: np.random.Generator, radius: float, aspect: float) -> tuple[float, float]:
    """Return a centre: the middle half of the time, else anywhere the object fits."""
    if rng.random() < 0.45:
        return aspect / 2 + rng.uniform(-0.03, 0.03), 0.5 + rng.uniform(-0.03, 0.03)
    margin = radius * 1.1 + 0.02
    return rng.uniform(margin, aspect - margin), rng.uniform(margin, 1 - margin)


def _shape(rng: np.random.Generator, seed: int, aspect: float, kind: Kind) -> Scene:
    ground, colour = COLOURS[int(rng.integers(12))], COLOURS[int(rng.integers(12))]
    while colour == ground:
        colour = COLOURS[int(rng.integers(12))]
    size = pick(rng, SIZES, (0.22, 0.5, 0.28))
    radius = float(rng.uniform(*RADII[size])) * min(1.0, aspect)
    return Scene(
        kind=kind,
        seed=seed,
        aspect=aspect,
        shape=pick(rng, SHAPES),
        colour=colour,
        ground=ground if kind == "shape" else "none",
        size=size,
        centre=_placed(rng, radius, aspect),
        radius=radius,
        soft=float(rng.choice([0.0, 0.5, 1.0])),
    )


def _sky(rng: np.random.Generator, seed: int, aspect: float) -> Scene:
    body = pick(rng, BODIES, (0.14, 0.36, 0.28, 0.22))
    time = _time(rng, body)
    land = pick(rng, LANDS, (0.14, 0.36, 0.32, 0.18))
    horizon = 2.0 if land == "none" else float(rng.uniform(0.52, 0.8))
    low_sun = body == "sun" and time in ("sunset", "dawn")
    radius = float(rng.uniform(0.06, 0.13))
    roof = min(horizon, 0.95)
    top = max(radius * 1.25, roof - 0.28 if low_sun else 0.0)
    floor = roof + 0.3 * radius if low_sun and land != "none" else roof - radius * 1.3
    y = float(rng.uniform(top, max(top + 0.01, floor)))
    across = aspect / 2 + rng.normal(0, 0.17) * aspect
    x = float(np.clip(across, radius * 1.3, aspect - radius * 1.3))
    return Scene(
        kind="sky",
        seed=seed,
        aspect=aspect,
        body=body,
        time=time,
        land=land,
        clouds=pick(rng, CLOUDS, (0.4, 0.33, 0.27)),
        stars=time == "night" and bool(rng.random() < 0.75),
        centre=(x, y),
        radius=radius if body != "none" else 0.0,
        horizon=horizon,
    )


def _time(rng: np.random.Generator, body: str) -> str:
    if body == "sun":
        return pick(rng, TIMES, (0.2, 0.38, 0.42, 0, 0))
    if body == "none":
        return pick(rng, TIMES, (0.15, 0.35, 0.2, 0.12, 0.18))
    return pick(rng, TIMES, (0.06, 0.1, 0.14, 0.2, 0.5))


def _photo(rng: np.random.Generator, seed: int, aspect: float) -> Scene:
    """Return an object, or nothing, on a backdrop as photographs have them."""
    if rng.random() < 0.45:
        return _shape(rng, seed, aspect, "photo")
    radius = float(rng.uniform(0.09, 0.27)) * min(1.0, aspect)
    return Scene(
        kind="photo",
        seed=seed,
        aspect=aspect,
        body=pick(rng, BODIES, (0.25, 0.2, 0.33, 0.22)),
        size="medium",
        centre=_placed(rng, radius, aspect),
        radius=radius,
    )


def imagined(seed: int, aspect: float = 1.0, kind: Kind | None = None) -> Scene:
    """Return the scene of a seed; `kind` asks for one sort of scene only."""
    rng = np.random.default_rng([seed, 1])
    chosen = kind or pick(rng, KINDS, (0.40, 0.42, 0.18))
    if chosen == "sky":
        return _sky(rng, seed, aspect)
    if chosen == "photo":
        return _photo(rng, seed, aspect)
    return _shape(rng, seed, aspect, "shape")
