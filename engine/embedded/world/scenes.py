"""What there is to be seen in a picture, before it is drawn or put into words.

A scene is plain attributes and complete: the drawing follows them exactly, captions mention some
of them, CLIP learns to tell them apart, the evaluation takes them as ground truth.

Lengths and places are in units of the picture's height: y runs from 0 (top) to 1, x from 0 to
`aspect`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from engine.embedded.world.nouns import BODIES as HEAVENLY
from engine.embedded.world.nouns import PROPORTIONS

Kind = Literal["shape", "land", "photo", "sign"]
KINDS: tuple[Kind, ...] = ("shape", "land", "photo", "sign")
BODIES = ("none", *HEAVENLY)
TIMES = ("dawn", "day", "sunset", "dusk", "night")
WEATHERS = ("clear", "cloudy", "rain", "snow", "fog")
CLOUDS = ("none", "few", "many")
FARS = ("none", "hills", "mountains")
NEARS = ("none", "field", "path", "river", "lake", "sea", "beach")
SIZES = ("tiny", "small", "medium", "large", "huge")
RELATIONS = ("none", "left of", "right of", "above", "below", "inside", "on top of")
LAYOUTS = ("one", "two", "three", "count")
MANNERS = ("flat", "watercolour", "oil", "ink", "pastel", "pixel", "photo")
WORDS = ("Stop", "Open", "Hello", "Art", "Tea", "Go", "Sale", "Exit")
PLACES_X = ("left", "centre", "right")
PLACES_Y = ("top", "middle", "bottom")

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in units of the height."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box, gap: float = 0.0) -> bool:
        """Say whether two boxes overlap, or come nearer than a gap."""
        across = self.left < other.right + gap and other.left < self.right + gap
        return across and self.top < other.bottom + gap and other.top < self.bottom + gap

    def holds(self, other: Box) -> bool:
        """Say whether another box lies wholly inside this one."""
        across = self.left <= other.left and other.right <= self.right
        return across and self.top <= other.top and other.bottom <= self.bottom


@dataclass(frozen=True, slots=True)
class Thing:
    """One drawn thing; five birds are five of them, of one group."""

    noun: str  # a name of `nouns.NOUNS`
    centre: tuple[float, float]
    radius: float  # half the longer side of its box
    colour: str = "none"  # a name of `palette.COLOURS`; "none": its natural colours
    size: str = "medium"  # of `SIZES`; medium is not said
    turn: float = 0.0  # degrees, clockwise
    mirrored: bool = False
    group: int = 0  # things of one group are told and counted together
    word: str = ""  # what is written on a sign

    @property
    def half(self) -> tuple[float, float]:
        """Half its width and half its height, unturned."""
        across, down = PROPORTIONS[self.noun]
        return across * self.radius, down * self.radius

    @property
    def box(self) -> Box:
        """The rectangle that holds it, unturned."""
        (x, y), (across, down) = self.centre, self.half
        return Box(x - across, y - down, x + across, y + down)


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture's contents.

    Kinds: "shape" is things on a ground of one colour; "land" a landscape; "photo" things on a
    backdrop like a photograph's; "sign" a sign with a word, on a ground.
    """

    kind: Kind
    seed: int
    aspect: float = 1.0  # width / height
    things: tuple[Thing, ...] = ()
    manner: str = "flat"  # of `MANNERS`; "photo" only where kind is "photo" or "land"
    layout: str = "one"  # of `LAYOUTS`
    relation: str = "none"  # of the first thing to the second: "left of" = the first is left
    ground: str = "none"  # colour of the ground: kinds "shape" and "sign"
    time: str = "none"
    weather: str = "none"
    clouds: str = "none"
    stars: bool = False
    far: str = "none"  # what closes the view
    near: str = "none"  # what lies in front; "beach" has the sea behind it
    horizon: float = 2.0  # above 1: out of sight
    course: tuple[float, float, float] = (0.5, 0.5, 0.0)
    # of a river or path: x at the bottom, x at the horizon, sway
    water: Box = Box(0, 2, 0, 2)  # where the sea or the lake is; out of sight: none
    soft: float = 0.0  # how much shading and texture; 0 = flat

    @property
    def has_object(self) -> bool:
        """Whether there is something that a painter could select and ask for by name."""
        return bool(self.things)

    @property
    def main(self) -> Thing:
        """The first thing; IndexError where there is none."""
        return self.things[0]

    @property
    def centre(self) -> tuple[float, float]:
        """The main thing's centre; the picture's where there is none."""
        return self.things[0].centre if self.things else (self.aspect / 2, 0.5)

    @property
    def radius(self) -> float:
        """The main thing's radius; 0 where there is none."""
        return self.things[0].radius if self.things else 0.0

    @property
    def body(self) -> str:
        """The sun or moon: a name of `BODIES`."""
        return next((t.noun for t in self.things if t.noun in HEAVENLY), "none")

    @property
    def groups(self) -> tuple[tuple[Thing, ...], ...]:
        """The things that are told together, in the order of their first ones."""
        numbers = dict.fromkeys(thing.group for thing in self.things)
        return tuple(tuple(t for t in self.things if t.group == n) for n in numbers)

    @property
    def parts(self) -> frozenset[str]:
        """Names of all that is to be seen: nouns, lands, waters, weather."""
        told = {thing.noun for thing in self.things}
        told |= {self.far, self.near} - {"none"}
        if self.near == "beach":
            told.add("sea")
        if self.near in ("field", "path", "river", "lake"):
            told.add("grass")
        told |= {"stars"} if self.stars else set()
        told |= {"clouds"} if self.clouds != "none" else set()
        return frozenset(told | ({self.weather} & {"rain", "snow", "fog"}))

    @property
    def place(self) -> tuple[str, str]:
        """Where the main thing lies: a pair of `PLACES_X` and `PLACES_Y`."""
        return place_of(self.centre, self.aspect)


def place_of(centre: tuple[float, float], aspect: float) -> tuple[str, str]:
    """Return where a point lies in a picture: a pair of `PLACES_X` and `PLACES_Y`."""
    across, down = int(centre[0] / aspect * 3), int(centre[1] * 3)
    return PLACES_X[max(0, min(2, across))], PLACES_Y[max(0, min(2, down))]


def pick(rng: np.random.Generator, items: Sequence[Item], weights: Sequence[float] = ()) -> Item:
    """Return one of the items, by weight where weights are given."""
    if not weights:
        return items[int(rng.random() * len(items))]
    total = sum(weights)
    left = rng.random() * total
    for item, weight in zip(items, weights, strict=True):
        left -= weight
        if left < 0:
            return item
    return items[-1]
