"""A first measure of the exported model: does it paint the shape and the colours asked for.

The judge looks at pixels only: the ground is what lies along the border, the object the largest
thing that differs from it; names go to the nearest colour and to the outline that overlaps most.
It is run on drawn pictures too, because a judge that errs there may not judge a model.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.embedded.train.export import WEIGHTS
from engine.embedded.train.recipe import Recipe
from engine.embedded.train.sheets import HELD_OUT, Picture, painted
from engine.embedded.world import drawn, imagined
from engine.embedded.world.palette import COLOURS, shade
from engine.embedded.world.shapes import SHAPES, coverage
from engine.families.unclip import UnclipFamily, UnclipModel

log = logging.getLogger(__name__)
Seen = tuple[str, str, str]  # shape, its colour, the ground's
_SIDE = 48
_DIFFERENT = 16.0  # in Lab: what is no longer the ground


def _lab(rgb: NDArray[np.floating]) -> NDArray[np.float32]:
    flat = rgb.reshape(1, -1, 3).astype(np.float32)
    return cv2.cvtColor(flat, cv2.COLOR_RGB2LAB).reshape(rgb.shape).astype(np.float32)


@cache
def _names() -> NDArray[np.float32]:
    """Return many Lab colours for every name: (names, shades, 3)."""
    rng = np.random.default_rng(0)
    return _lab(np.array([[shade(name, rng) for _ in range(40)] for name in COLOURS]))


def colour_name(lab: NDArray[np.floating]) -> str:
    """Return the name whose nearest shade is nearest."""
    return COLOURS[int(np.linalg.norm(_names() - lab, axis=-1).min(1).argmin())]


def _normal(mask: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return a mask moved and scaled so that its middle and its reach are always the same."""
    y, x = np.nonzero(mask > 0.5)
    cx, cy = x.mean(), y.mean()
    reach = np.sqrt(((x - cx) ** 2 + (y - cy) ** 2).mean()) + 1e-6
    scale = _SIDE / 4.2 / reach
    move = np.array(
        [[scale, 0, _SIDE / 2 - scale * cx], [0, scale, _SIDE / 2 - scale * cy]], np.float32
    )
    return cv2.warpAffine(mask.astype(np.float32), move, (_SIDE, _SIDE)).astype(np.float32)


@cache
def _outlines() -> list[tuple[str, NDArray[np.float32]]]:
    turns = (-12.0, -6.0, 0.0, 6.0, 12.0)
    return [
        (shape, _normal(coverage(shape, (128, 128), (0.5, 0.5), 0.3, turn)))
        for shape in SHAPES
        for turn in turns
    ]


def shape_name(mask: NDArray[np.floating]) -> str:
    """Return the shape whose outline overlaps most with a mask."""
    ours = _normal(mask)
    overlaps = [np.minimum(ours, o).sum() / np.maximum(ours, o).sum() for _, o in _outlines()]
    return _outlines()[int(np.argmax(overlaps))][0]


def seen(picture: Picture) -> Seen:
    """Return the shape, its colour and the ground's colour that a picture shows."""
    lab = _lab(cv2.GaussianBlur(picture, (0, 0), 1.0).astype(np.float32) / 255)
    border = np.concatenate([lab[:6], lab[-6:]]).reshape(-1, 3)
    ground = np.median(border, axis=0)
    other = (np.linalg.norm(lab - ground, axis=-1) > _DIFFERENT).astype(np.uint8)
    _, parts, sizes, _ = cv2.connectedComponentsWithStats(other)
    if len(sizes) < 2:
        return "none", "none", colour_name(ground)
    mask = (parts == 1 + int(sizes[1:, cv2.CC_STAT_AREA].argmax())).astype(np.uint8)
    core = cv2.erode(mask, np.ones((5, 5), np.uint8)).astype(bool)
    inside = lab[core if core.any() else mask.astype(bool)]
    return shape_name(mask), colour_name(np.median(inside, axis=0)), colour_name(ground)


def _rates(pairs: Sequence[tuple[Seen, Seen]]) -> dict[str, float]:
    right = np.array([[a == b for a, b in zip(*pair, strict=True)] for pair in pairs])
    shares = dict(zip(("shape", "colour", "ground"), right.mean(0).tolist(), strict=True))
    return {**shares, "all three": float(right.all(1).mean())}


def judged(count: int) -> dict[str, float]:
    """Return how often the judge is right on drawn pictures."""
    pairs = []
    for number in range(count):
        scene = imagined(HELD_OUT + 1000 + number, kind="shape")
        pairs.append(((scene.shape, scene.colour, scene.ground), seen(drawn(scene, 256).pixels)))
    return _rates(pairs)


def _asked(count: int) -> Iterator[Seen]:
    rng = np.random.default_rng(7)
    for number in range(count):
        colour, ground = rng.choice(len(COLOURS), 2, replace=False)
        yield SHAPES[number % len(SHAPES)], COLOURS[colour], COLOURS[ground]


def measured(model: UnclipModel, count: int) -> dict[str, float]:
    """Return how often the model paints what was asked; one picture a prompt, no choosing."""
    pairs = []
    for number, asked in enumerate(_asked(count)):
        shape, colour, ground = asked
        article = "an" if colour[0] in "aeiou" else "a"
        prompt = f"{article} {colour} {shape} on a {ground} background"
        pairs.append((asked, seen(painted(model, (number,), prompt=prompt)[0])))
    return _rates(pairs)


def figures(recipe: Recipe, weights: Path = WEIGHTS, count: int = 96) -> None:
    """Measure and write `figures.json` beside the training."""
    family = UnclipFamily()
    card = family.recognise(weights)
    if card is None:
        raise FileNotFoundError(f"{weights} holds no exported model: run the stage export first.")
    model = family.load(card, "cpu", "fp32")
    told = {"judge on drawn pictures": judged(200), "model": measured(model, count)}
    log.info("%s", told)
    (recipe.runs / "figures.json").write_text(json.dumps(told, indent=1), "utf-8")
