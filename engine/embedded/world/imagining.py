"""What the scene of a seed is, and which compositions training never sees.

The held-out rule: a composition is named by a short text ("red star", "red house", "3 hearts of
red", "star above ring", "night lake full moon"), and is held out when its CRC-32 is 0 or 1 modulo
20, about one in ten. A scene is held out when any of its compositions is. Every single
noun, colour, count, relation, land and hour stays common in training; only those meetings
are new.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from engine.embedded.world.landscapes import landscape
from engine.embedded.world.nouns import TINTS
from engine.embedded.world.palette import COLOURS
from engine.embedded.world.plain import LAYOUT_WEIGHTS, plain_scene
from engine.embedded.world.scenes import WORDS, Kind, Scene, Thing, pick

WEIGHTS: dict[Kind, float] = {"shape": 0.45, "land": 0.37, "photo": 0.15, "sign": 0.03}
MANNER_WEIGHTS = {
    "flat": 0.40, "watercolour": 0.12, "oil": 0.12, "ink": 0.12, "pastel": 0.12, "pixel": 0.12,
}  # fmt: skip
_MODULUS, _HELD = 20, 2


def compositions(scene: Scene) -> Iterator[str]:
    """Yield the names of what is put together in a scene."""
    for group in scene.groups:
        first = group[0]
        if first.colour != "none":
            yield f"{first.colour} {first.noun}"
        if scene.layout == "count" and len(group) > 1:
            yield f"{len(group)} {first.noun} of {first.colour}"
    if scene.relation != "none":
        first, second = scene.things[:2]
        yield f"{first.noun} {scene.relation} {second.noun}"
    if scene.near != "none":
        yield f"{scene.time} {scene.near} {scene.body}"


def held_out(scene: Scene) -> bool:
    """Say whether a scene holds a composition that training never draws."""
    return any(zlib.crc32(name.encode()) % _MODULUS < _HELD for name in compositions(scene))


def imagined(
    seed: int, aspect: float = 1.0, kind: Kind | None = None, *, held_out: bool = False
) -> Scene:
    """Return the scene of a seed; `kind` asks for one sort of scene only.

    With `held_out` it holds at least one composition that it never holds without.
    """
    first = np.random.default_rng([seed, 1])
    chosen = kind or pick(first, tuple(WEIGHTS), tuple(WEIGHTS.values()))
    layout = pick(first, tuple(LAYOUT_WEIGHTS), tuple(LAYOUT_WEIGHTS.values()))
    for attempt in range(1000):
        rng = np.random.default_rng([seed, 2, attempt])
        scene = _dressed(rng, _made(rng, seed, aspect, chosen, layout))
        if _is_held_out(scene) == held_out:
            return scene
    raise AssertionError(f"No scene of kind {kind} has held_out = {held_out} for seed {seed}.")


_is_held_out = held_out  # the name is a parameter's too


def _made(rng: np.random.Generator, seed: int, aspect: float, kind: Kind, layout: str) -> Scene:
    if kind == "shape":
        return plain_scene(rng, seed, aspect, layout)
    makers = {"land": landscape, "photo": _photo, "sign": _sign}
    return makers[kind](rng, seed, aspect)


def _dressed(rng: np.random.Generator, scene: Scene) -> Scene:
    """Return the scene in one of the manners."""
    if scene.kind == "photo":
        return replace(scene, manner="photo")
    if scene.kind == "land" and rng.random() < 0.10:
        return replace(scene, manner="photo")
    manner = pick(rng, tuple(MANNER_WEIGHTS), tuple(MANNER_WEIGHTS.values()))
    return replace(scene, manner=manner)


def _photo(rng: np.random.Generator, seed: int, aspect: float) -> Scene:
    """Return an object, or nothing, on a backdrop as photographs have them."""
    chance = rng.random()
    if chance < 0.25:
        layout = pick(rng, ("one", "two"), (0.75, 0.25))
        return plain_scene(rng, seed, aspect, layout, "photo")
    if chance > 0.9:
        return Scene(kind="photo", seed=seed, aspect=aspect)
    nouns = ("full moon", "crescent moon", "sun", "balloon", "boat", "bird", "cat", "kite",
             "tree", "house", "cloud", "fish")  # fmt: skip
    weights = (0.16, 0.12, 0.10, 0.17, 0.15, 0.06, 0.05, 0.05, 0.05, 0.04, 0.03, 0.02)
    noun = pick(rng, nouns, weights)
    colour = pick(rng, TINTS[noun]) if noun in TINTS else "none"
    radius = float(rng.uniform(0.09, 0.29)) * min(1.0, aspect)
    margin = radius * 1.08 + 0.02
    centre = float(rng.uniform(margin, aspect - margin)), float(rng.uniform(margin, 1 - margin))
    if rng.random() < 0.4:
        centre = aspect / 2 + rng.uniform(-0.04, 0.04), 0.5 + rng.uniform(-0.04, 0.04)
    thing = Thing(noun, centre, radius, colour, mirrored=bool(rng.random() < 0.5))
    return Scene(kind="photo", seed=seed, aspect=aspect, things=(thing,), soft=1.0)


def _sign(rng: np.random.Generator, seed: int, aspect: float) -> Scene:
    """Return a sign with a word, on a plain ground."""
    colour, ground = pick(rng, TINTS["sign"]), pick(rng, COLOURS)
    while ground == colour:
        ground = pick(rng, COLOURS)
    radius = float(rng.uniform(0.32, 0.43)) * min(1.0, aspect)
    centre = aspect / 2 + rng.uniform(-0.04, 0.04), 0.5 + rng.uniform(-0.06, 0.06)
    thing = Thing("sign", centre, radius, colour, word=pick(rng, WORDS))
    soft = pick(rng, (0.0, 0.5, 1.0))
    return Scene(kind="sign", seed=seed, aspect=aspect, things=(thing,), ground=ground, soft=soft)
