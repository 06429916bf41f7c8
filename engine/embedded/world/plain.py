"""Plain scenes: one, two, three or counted things on a ground, where they can be told apart.

Sizes hold at a picture of 128 pixels with latents of 8: two things have radii of 0.13 to 0.24,
three of 0.12 to 0.18, counted ones of 0.08 to 0.14, and nothing overlaps unless one is inside or
on top of the other.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.embedded.world.nouns import NATURAL, TINTS
from engine.embedded.world.palette import COLOURS
from engine.embedded.world.scenes import RELATIONS, SIZES, Kind, Scene, Thing, pick
from engine.embedded.world.shapes import SHAPES
from engine.embedded.world.sprites import box_of

LAYOUT_WEIGHTS = {"one": 0.45, "two": 0.25, "three": 0.15, "count": 0.15}
RADII = {
    "tiny": (0.075, 0.10),
    "small": (0.125, 0.16),
    "medium": (0.19, 0.25),
    "large": (0.29, 0.335),
    "huge": (0.38, 0.43),
}
_ALIKE = (frozenset(("white", "grey")), frozenset(("red", "orange")), frozenset(("blue", "teal")),
          frozenset(("brown", "black")), frozenset(("brown", "red")),
          frozenset(("pink", "white")), frozenset(("green", "teal")))  # fmt: skip
_CUT_OUT = ("boat", "balloon", "kite", "bird", "fish", "cat", "flower", "tree", "house")
_BODILY = ("pine", "palm", "tower", "sun", "full moon", "crescent moon", "cloud")
_GAP = 1.06
_TRIES = 30


def _noun(rng: np.random.Generator) -> str:
    """Return a shape, or three times in ten another thing, as if cut out and laid on a ground."""
    if rng.random() < 0.72:
        return pick(rng, SHAPES)
    return pick(rng, _CUT_OUT) if rng.random() < 0.8 else pick(rng, _BODILY)


def _near(used: set[str]) -> set[str]:
    """Return the used colours and those that are easily taken for them."""
    return {name for pair in _ALIKE if pair & used for name in pair} | used


def _other(rng: np.random.Generator, choices: tuple[str, ...], used: set[str]) -> str:
    """Return a colour that nobody takes for one of the used ones."""
    near = _near(used)
    free = [name for name in choices if name not in near]
    free = free or [name for name in choices if name not in used] or list(choices)
    return pick(rng, free)


def _thing(rng: np.random.Generator, used: set[str], group: int, only: str = "") -> Thing:
    noun = only or _noun(rng)
    if NATURAL.get(noun) in _near(used):
        noun = pick(rng, SHAPES)  # a moon on white cannot be seen
    colour = _other(rng, TINTS[noun], used) if noun in TINTS else "none"
    turns = noun in SHAPES and rng.random() < 0.5
    turn = float(rng.uniform(-14, 14)) if turns else 0.0
    used.add(NATURAL.get(noun, colour))
    return Thing(noun, (0.5, 0.5), 0.2, colour, "medium", turn, bool(rng.random() < 0.5), group)


def _free(rng: np.random.Generator, radius: float, aspect: float) -> tuple[float, float]:
    margin = radius * 1.08 + 0.02
    x = rng.uniform(margin, aspect - margin) if 2 * margin < aspect else aspect / 2
    return float(x), float(rng.uniform(margin, 1 - margin) if 2 * margin < 1 else 0.5)


def _scattered(
    rng: np.random.Generator, radii: list[float], aspect: float
) -> list[tuple[tuple[float, float], float]]:
    """Return centres and radii that do not meet; everything shrinks a little until all fit."""
    shrink = 1.0
    while True:
        for _ in range(_TRIES):
            spots: list[tuple[tuple[float, float], float]] = []
            for radius in radii:
                centre = _free(rng, radius * shrink, aspect)
                near = any(
                    np.hypot(centre[0] - c[0], centre[1] - c[1]) < (radius * shrink + r) * _GAP
                    for c, r in spots
                )
                if near:
                    break
                spots.append((centre, radius * shrink))
            if len(spots) == len(radii):
                return spots
        shrink *= 0.95


def _one(rng: np.random.Generator, aspect: float, used: set[str]) -> tuple[Thing, ...]:
    thing = _thing(rng, used, 0)
    size = pick(rng, SIZES, (0.08, 0.17, 0.47, 0.18, 0.10))
    radius = float(rng.uniform(*RADII[size])) * min(1.0, aspect)
    middle = aspect / 2 + rng.uniform(-0.03, 0.03), 0.5 + rng.uniform(-0.03, 0.03)
    centre = middle if rng.random() < 0.45 else _free(rng, radius, aspect)
    return (replace(thing, centre=centre, radius=radius, size=size),)


def _two(rng: np.random.Generator, aspect: float, used: set[str]) -> tuple[Thing, ...]:
    pair = [_thing(rng, used, group) for group in (0, 1)]
    narrow = min(1.0, aspect)
    if rng.random() < 0.2:
        sizes = ["small", "large"]
        radii = [float(rng.uniform(*s)) * narrow for s in ((0.11, 0.14), (0.21, 0.25))]
        if rng.random() < 0.5:
            sizes, radii = sizes[::-1], radii[::-1]
    else:
        sizes = ["medium", "medium"]
        radii = [float(r) * narrow for r in rng.uniform(0.15, 0.24) * rng.uniform(0.9, 1.0, 2)]
    spots = _scattered(rng, radii, aspect)
    return tuple(
        replace(thing, centre=centre, radius=radius, size=size)
        for thing, (centre, radius), size in zip(pair, spots, sizes, strict=True)
    )


def _three(rng: np.random.Generator, aspect: float, used: set[str]) -> tuple[Thing, ...]:
    things = [_thing(rng, used, group) for group in range(3)]
    radii = [float(r) * min(1.0, aspect) ** 0.5 for r in rng.uniform(0.13, 0.18, 3)]
    return tuple(
        replace(thing, centre=c, radius=r)
        for thing, (c, r) in zip(things, _scattered(rng, radii, aspect), strict=True)
    )


def _related(
    rng: np.random.Generator, aspect: float, used: set[str], relation: str
) -> tuple[Thing, ...]:
    if relation == "inside":
        return _inside(rng, aspect, used)
    if relation == "on top of":
        return _stacked(rng, aspect, used)
    first, second = (_thing(rng, used, group) for group in (0, 1))
    narrow = min(1.0, aspect)
    flat = relation in ("left of", "right of")
    long = aspect if flat else 1.0
    a, b = (float(r) * narrow for r in rng.uniform(0.14, 0.22, 2))
    slack = long - 2 * _GAP * (a + b) - 0.04
    start = 0.02 + a * _GAP + rng.uniform(0, max(0.0, slack) * 0.5)
    gap = rng.uniform(0.15, 1) * max(0.0, slack) * 0.5
    along = start, start + (a + b) * _GAP + gap
    side = (1.0 if flat else aspect) / 2
    room = max(0.0, side - max(a, b) * 1.1 - 0.02)
    across = [side + rng.uniform(-1, 1) * min(0.09, room) for _ in range(2)]
    if relation in ("right of", "below"):
        along, across = (long - along[0], long - along[1]), across[::-1]
    spots = list(zip(along, across, strict=True)) if flat else list(zip(across, along, strict=True))
    return replace(first, centre=spots[0], radius=a), replace(second, centre=spots[1], radius=b)


def _inside(rng: np.random.Generator, aspect: float, used: set[str]) -> tuple[Thing, ...]:
    outer = _thing(rng, used, 1, pick(rng, ("circle", "square", "ring", "hexagon", "heart")))
    inner = _thing(rng, used, 0, pick(rng, SHAPES))
    narrow = min(1.0, aspect)
    radius = float(rng.uniform(0.29, 0.4)) * narrow
    centre = _free(rng, radius, aspect)
    limit = {"ring": 0.44, "heart": 0.42}.get(outer.noun, 0.5)
    small = max(0.1 * narrow, radius * rng.uniform(0.34, limit))
    return (
        replace(inner, centre=centre, radius=small, turn=0.0),
        replace(outer, centre=centre, radius=radius, turn=0.0),
    )


def _stacked(rng: np.random.Generator, aspect: float, used: set[str]) -> tuple[Thing, ...]:
    low_noun = pick(rng, ("square", "square", "hexagon", "circle", "cross", "house"))
    top_noun = pick(rng, (*SHAPES, "cat", "bird", "flower"))
    low, top = _thing(rng, used, 1, low_noun), _thing(rng, used, 0, top_noun)
    narrow = min(1.0, aspect)
    a, b = float(rng.uniform(0.16, 0.23)) * narrow, float(rng.uniform(0.13, 0.21)) * narrow
    low, top = replace(low, radius=a, turn=0.0), replace(top, radius=b, turn=0.0)
    reach = edge(low)[0] + edge(top)[1]
    x = rng.uniform(a * 1.15 + 0.02, aspect - a * 1.15 - 0.02) if aspect > 2.4 * a else aspect / 2
    tall = reach + edge(low)[1] + edge(top)[0]
    y = 0.02 + edge(top)[0] + rng.uniform(0.1, 0.9) * max(0.0, 0.96 - tall)
    top = replace(top, centre=(float(x + rng.uniform(-0.2, 0.2) * a), float(y)))
    return top, replace(low, centre=(float(x), float(y + reach - 0.004)))


def edge(thing: Thing) -> tuple[float, float]:
    """Return how far a thing's paint reaches above and below its centre."""
    box = box_of(thing)
    return thing.centre[1] - box.top, box.bottom - thing.centre[1]


def _counted(rng: np.random.Generator, aspect: float, used: set[str]) -> tuple[Thing, ...]:
    count = pick(rng, (1, 2, 3, 4, 5), (0.08, 0.23, 0.23, 0.23, 0.23))
    kind = _thing(rng, used, 0)
    radius = float(rng.uniform(0.1, 0.14)) * (min(1.0, aspect) ** 0.5)
    radii = [radius * float(r) for r in rng.uniform(0.92, 1.0, count)]
    return tuple(
        replace(kind, centre=c, radius=r, turn=kind.turn * float(rng.uniform(-1, 1)))
        for c, r in _scattered(rng, radii, aspect)
    )


def plain_scene(
    rng: np.random.Generator, seed: int, aspect: float, layout: str, kind: Kind = "shape"
) -> Scene:
    """Return things on a plain ground, or without a ground for another kind to lay them on."""
    ground = pick(rng, COLOURS)
    used = {ground} if kind == "shape" else set()
    relation = "none"
    if layout == "one":
        things = _one(rng, aspect, used)
    elif layout == "two":
        relation = pick(rng, RELATIONS[1:]) if rng.random() < 0.5 else "none"
        related = relation != "none"
        things = _related(rng, aspect, used, relation) if related else _two(rng, aspect, used)
    elif layout == "three":
        things = _three(rng, aspect, used)
    else:
        things = _counted(rng, aspect, used)
    return Scene(
        kind=kind,
        seed=seed,
        aspect=aspect,
        things=things,
        layout=layout,
        relation=relation,
        ground=ground if kind == "shape" else "none",
        soft=pick(rng, (0.0, 0.5, 1.0)),
    )
