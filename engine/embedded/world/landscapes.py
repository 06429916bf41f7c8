"""Landscapes: what stands, swims and flies where, at what hour and in what weather."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.embedded.world.nouns import BODIES, FLYING, TINTS, UNSAID
from engine.embedded.world.scenes import FARS, NEARS, TIMES, WEATHERS, Box, Scene, Thing, pick

_TIMES = {
    "sun": (0.2, 0.38, 0.42, 0, 0),
    "none": (0.13, 0.42, 0.17, 0.12, 0.16),
    "moon": (0.06, 0.07, 0.12, 0.22, 0.53),
}
_STAND = {  # what stands on the ground of each land, by weight
    "field": {"house": 3, "tree": 3, "pine": 2, "flower": 2.4, "cat": 2, "tower": 1.4},
    "path": {"house": 3, "tree": 3, "pine": 2, "flower": 1.6, "cat": 1.6, "tower": 1.6},
    "river": {"bridge": 5, "tree": 2.4, "pine": 2, "house": 2.4, "flower": 1, "tower": 1},
    "lake": {"boat": 5, "pine": 1.6, "fish": 1.4, "house": 1},
    "sea": {"boat": 6, "fish": 2.6},
    "beach": {"palm": 5, "boat": 2, "cat": 1, "house": 0.8},
}
_SIZES = {
    "house": (0.12, 0.19), "tree": (0.13, 0.21), "pine": (0.12, 0.21), "palm": (0.19, 0.28),
    "tower": (0.17, 0.26), "flower": (0.085, 0.13), "cat": (0.10, 0.16), "boat": (0.11, 0.20),
    "fish": (0.085, 0.13), "bridge": (0.22, 0.30), "balloon": (0.11, 0.19), "kite": (0.10, 0.15),
    "bird": (0.065, 0.11), "sun": (0.06, 0.11), "full moon": (0.06, 0.12),
    "crescent moon": (0.065, 0.12),
}  # fmt: skip
_SEVERAL = {"bird": 0.5, "flower": 0.55, "boat": 0.22, "tree": 0.3, "pine": 0.35, "fish": 0.2}
_TRIES = 24


def landscape(rng: np.random.Generator, seed: int, aspect: float) -> Scene:
    """Return a landscape, or a sky alone."""
    body = pick(rng, ("none", *BODIES), (0.30, 0.30, 0.22, 0.18))
    weather = pick(rng, WEATHERS, (0.40, 0.36, 0.09, 0.08, 0.07))
    body = body if weather in ("clear", "cloudy") else "none"
    time = pick(rng, TIMES, _TIMES.get(body, _TIMES["moon"]))
    near = pick(rng, NEARS, (0.13, 0.19, 0.11, 0.10, 0.12, 0.20, 0.15))
    far = pick(rng, FARS, (0.42, 0.29, 0.29)) if near != "none" else "none"
    horizon = 2.0 if near == "none" else float(rng.uniform(0.50, 0.64))
    clouds = {"clear": "none", "cloudy": pick(rng, ("few", "many"))}.get(weather, "many")
    setting = Scene(
        kind="land",
        seed=seed,
        aspect=aspect,
        layout=pick(rng, ("one", "two", "three"), (0.3, 0.45, 0.25)),
        time=time,
        weather=weather,
        clouds=clouds,
        stars=time == "night" and weather == "clear" and bool(rng.random() < 0.8),
        far=far,
        near=near,
        horizon=horizon,
        course=_course(rng, aspect),
        water=_water(rng, near, horizon, aspect),
        soft=1.0,
    )
    return _peopled(rng, setting, body)


def _course(rng: np.random.Generator, aspect: float) -> tuple[float, float, float]:
    bottom, top = rng.uniform(0.3, 0.7) * aspect, rng.uniform(0.3, 0.7) * aspect
    return float(bottom), float(top), float(rng.choice([-1, 1]) * rng.uniform(0.06, 0.14))


def _water(rng: np.random.Generator, near: str, horizon: float, aspect: float) -> Box:
    if near == "sea":
        return Box(0, horizon, aspect, 1)
    if near == "beach":
        return Box(0, horizon, aspect, float(horizon + (1 - horizon) * rng.uniform(0.42, 0.58)))
    if near == "lake":
        depth = 1 - horizon
        centre, half = aspect * rng.uniform(0.42, 0.58), aspect * rng.uniform(0.38, 0.46)
        top, bottom = horizon + 0.06 * depth, horizon + depth * rng.uniform(0.72, 0.84)
        return Box(float(centre - half), float(top), float(centre + half), float(bottom))
    return Box(0, 2, 0, 2)


def _peopled(rng: np.random.Generator, setting: Scene, body: str) -> Scene:
    """Return the setting with sun or moon and one to three groups of things."""
    things: list[Thing] = []
    if body != "none":
        _add(rng, setting, things, body, 0)
    wanted = {"one": 1, "two": 2, "three": 3}[setting.layout] - (body != "none")
    bare = setting.near == "none" and rng.random() < 0.3
    for group in range(1, 1 + (0 if bare else max(wanted, int(rng.random() < 0.4)))):
        _add(rng, setting, things, _noun(rng, setting, things), group)
    if things and rng.random() < 0.5:
        first = pick(rng, sorted({thing.group for thing in things}))
        things.sort(key=lambda thing: thing.group != first)
    return replace(setting, things=tuple(things))


def _noun(rng: np.random.Generator, setting: Scene, things: list[Thing]) -> str:
    used = {thing.noun for thing in things}
    flyers = {"balloon": 3.0, "bird": 3.0, "kite": 1.6}
    if setting.near == "none":
        choices = flyers
    else:
        choices = dict(_STAND[setting.near])
        airy = 0.45 if setting.weather in ("clear", "cloudy") else 0.15
        choices.update({noun: weight * airy for noun, weight in flyers.items()})
    if setting.weather == "snow":
        choices.pop("palm", None)
        choices.pop("flower", None)
    free = {noun: weight for noun, weight in choices.items() if noun not in used}
    return pick(rng, tuple(free), tuple(free.values())) if free else "bird"


def _tint(rng: np.random.Generator, noun: str, things: list[Thing]) -> str:
    used = {thing.colour for thing in things}
    if noun in UNSAID and rng.random() < 0.6 and UNSAID[noun] not in used:
        return UNSAID[noun]
    choices = TINTS.get(noun, ("none",))
    return pick(rng, [c for c in choices if c not in used] or list(choices))


def _add(
    rng: np.random.Generator, setting: Scene, things: list[Thing], noun: str, group: int
) -> None:
    """Put one thing, or several alike, where there is room; leave it out where there is none."""
    count = 1
    if rng.random() < _SEVERAL.get(noun, 0.0):
        count = pick(rng, (2, 3, 4, 5), (0.4, 0.35, 0.15, 0.1))
    colour = _tint(rng, noun, things)
    radius = float(rng.uniform(*_SIZES[noun])) * min(1.0, setting.aspect)
    if count > 1:
        radius = max(0.07, radius * (1 - 0.07 * count))
    boxes = [thing.box for thing in things]
    for _ in range(count):
        thing = _spot(rng, setting, noun, radius * float(rng.uniform(0.92, 1.0)), boxes)
        if thing is None:
            return
        mirrored = bool(rng.random() < 0.5) if count == 1 or noun != "boat" else False
        centre, size = thing
        made = Thing(noun, centre, size, colour, "medium", 0.0, mirrored, group)
        things.append(made)
        boxes.append(made.box)


def _spot(
    rng: np.random.Generator, setting: Scene, noun: str, radius: float, boxes: list[Box]
) -> tuple[tuple[float, float], float] | None:
    """Return a free centre and the radius there, None where nothing is free."""
    for attempt in range(_TRIES):
        size = radius * (1 - 0.25 * attempt / _TRIES)
        probe = Thing(noun, (0.0, 0.0), size)
        across, down = probe.half
        if noun in BODIES:
            centre = _heavenly(rng, setting, noun, size)
        elif noun in FLYING:
            roof = min(setting.horizon, 1.0)
            low = max(down + 0.03, roof - down - 0.04)
            y = rng.uniform(down + 0.02, low)
            centre = float(rng.uniform(across + 0.02, setting.aspect - across - 0.02)), float(y)
        else:
            centre = _footing(rng, setting, noun, across, down)
        box = Thing(noun, centre, size).box
        inside = box.left > 0.005 and box.right < setting.aspect - 0.005 and box.top > 0.01
        if inside and not any(box.meets(other, 0.015) for other in boxes):
            return centre, size
    return None


def _heavenly(
    rng: np.random.Generator, setting: Scene, noun: str, radius: float
) -> tuple[float, float]:
    roof = min(setting.horizon, 0.95)
    relief = {"none": 0.0, "hills": 0.12, "mountains": 0.22}[setting.far]
    low_sun = noun == "sun" and setting.time in ("sunset", "dawn")
    floor = roof - relief - radius * 1.15
    if low_sun and setting.far == "none" and setting.near in ("sea", "beach"):
        floor = roof - radius * 0.7
    top = max(radius * 1.25, floor - 0.24 if low_sun else 0.0)
    y = rng.uniform(min(top, floor), max(floor, top))
    across = setting.aspect / 2 + rng.normal(0, 0.19) * setting.aspect
    return float(np.clip(across, radius * 1.3, setting.aspect - radius * 1.3)), float(y)


def _footing(
    rng: np.random.Generator, setting: Scene, noun: str, across: float, down: float
) -> tuple[float, float]:
    """Return the centre of something that stands on the ground or swims."""
    x = float(rng.uniform(across + 0.02, max(across + 0.03, setting.aspect - across - 0.02)))
    horizon, depth = setting.horizon, 1 - setting.horizon
    water = setting.water
    if noun in ("boat", "fish"):
        span = water.right - water.left
        x = float(water.left + span / 2 + rng.uniform(-0.36, 0.36) * span)
        lowest = min(water.bottom - 0.03, 0.93)
        low, high = water.top + 0.25 * (lowest - water.top), lowest
    elif noun == "bridge":
        y = horizon + depth * rng.uniform(0.38, 0.55)
        return course_at(setting, float(y))[0], float(y - 0.1 * down)
    elif setting.near in ("lake", "beach"):
        low, high = water.bottom + 0.05, 0.97
    else:
        low, high = horizon + 0.1 * depth, 0.96
    foot = rng.uniform(min(low, high), high)
    if setting.near in ("river", "path") and noun in ("house", "tower", "tree", "pine", "flower"):
        middle, half = course_at(setting, float(foot))
        side = 1 if x > middle else -1
        x = middle + side * max(abs(x - middle), half + across + 0.01)
    return x, float(foot - down)


def course_at(scene: Scene, y: float) -> tuple[float, float]:
    """Return the middle and half the width, at a height y, of the scene's river or path."""
    bottom, top, sway = scene.course
    t = float(np.clip((y - scene.horizon) / (1 - scene.horizon), 0, 1))
    near = t**1.5
    middle = top + (bottom - top) * near + sway * np.sin(t * np.pi * 1.6) * (0.35 + 0.65 * t)
    wide = 0.13 if scene.near == "river" else 0.085
    return float(middle), float((0.012 + wide * t**1.2) * min(1.0, scene.aspect))
