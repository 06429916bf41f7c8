"""Everything that has a name and can be drawn, with its proportions and its natural colours."""

from __future__ import annotations

from collections.abc import Mapping

from engine.embedded.world.palette import COLOURS
from engine.embedded.world.shapes import SHAPES

BODIES: tuple[str, ...] = ("sun", "full moon", "crescent moon")

# Half the width and half the height of the box, where the longer is 1.
PROPORTIONS: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(SHAPES, (1.0, 1.0)),
    **dict.fromkeys(BODIES, (1.0, 1.0)),
    "tree": (0.74, 1.0),
    "pine": (0.62, 1.0),
    "palm": (0.86, 1.0),
    "flower": (0.62, 1.0),
    "house": (1.0, 0.9),
    "tower": (0.46, 1.0),
    "bridge": (1.0, 0.42),
    "boat": (0.86, 1.0),
    "balloon": (0.76, 1.0),
    "kite": (0.66, 1.0),
    "bird": (1.0, 0.62),
    "fish": (1.0, 0.6),
    "cat": (0.72, 1.0),
    "cloud": (1.0, 0.56),
    "sign": (1.0, 0.78),
}
NOUNS: tuple[str, ...] = tuple(PROPORTIONS)
THINGS: tuple[str, ...] = tuple(noun for noun in NOUNS if noun not in SHAPES)

# What colours a thing is painted in; a thing that is not here comes in its own ones only.
_PAINTED = tuple(name for name in COLOURS if name not in ("black", "white", "grey", "brown"))
TINTS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(SHAPES, COLOURS),
    "house": ("red", "white", "yellow", "blue", "pink", "orange", "brown", "grey", "teal"),
    "tower": ("grey", "white", "red", "brown", "yellow", "blue"),
    "bridge": ("grey", "brown", "red", "white"),
    "boat": (*_PAINTED, "white", "black", "brown"),
    "balloon": (*_PAINTED, "white", "black"),
    "kite": (*_PAINTED, "white", "black"),
    "bird": ("black", "white", "blue", "red", "yellow", "brown", "grey", "pink"),
    "fish": (*_PAINTED, "white", "black", "grey"),
    "cat": ("black", "white", "grey", "orange", "brown"),
    "flower": ("red", "yellow", "pink", "purple", "white", "blue", "orange"),
    "tree": ("green", "orange", "yellow", "red", "pink"),
    "cloud": ("white", "grey", "pink"),
    "sign": ("red", "blue", "green", "white", "yellow", "black", "brown", "teal", "purple"),
}
UNSAID: Mapping[str, str] = {"tree": "green", "cloud": "white"}  # natural: told or left out
NATURAL: Mapping[str, str] = {  # what those without a told colour look most like
    "sun": "yellow", "full moon": "white", "crescent moon": "yellow", "pine": "green",
    "palm": "green",
}  # fmt: skip
FLYING = ("balloon", "kite", "bird")
STANDING = ("tree", "pine", "palm", "flower", "house", "tower", "cat")
