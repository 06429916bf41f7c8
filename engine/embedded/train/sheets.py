"""Sheets to look at: what the exported model paints, and how its losses fell.

No figure says whether a picture is pretty; these are for eyes.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.api import Size
from engine.embedded.train.export import WEIGHTS
from engine.embedded.train.pictures import tensor
from engine.embedded.train.recipe import Recipe
from engine.embedded.world import drawn, imagined
from engine.evaluation.sheets import sheet, write
from engine.families import Conditions
from engine.families.unclip import CELL, TOUCHED, UnclipFamily, UnclipModel
from engine.noise import CandidateNoise
from engine.samplers.dpmpp_2m import dpmpp_2m
from engine.schedules import Denoise
from engine.schedules.uniform import model as uniform

Picture = NDArray[np.uint8]
SEEDS = (1, 2, 3, 4)
HELD_OUT = 30_000_000  # scenes from here on are in no training set
SHEETS: Mapping[str, tuple[str, ...]] = {
    "shapes": (
        "a red circle on a blue background",
        "a yellow star on a purple background",
        "a tiny green triangle on a white background",
        "a huge black heart on a pink background",
        "an orange ring on a teal background",
        "a brown hexagon on a grey background",
    ),
    "compositions": (
        "a red triangle, a blue square and a yellow circle on a white background",
        "three green hearts on a yellow background",
        "five white stars on a blue background",
        "a red square on top of a blue square on a white background",
        "a yellow star inside a purple circle on a teal background",
        "a pink cross left of a black ring on an orange background",
    ),
    "manners": (
        "a red boat on a lake at sunset in watercolour",
        "an oil painting of mountains at dawn",
        "an ink drawing of a house by a river",
        "a chalk pastel of a tree in a field",
        "pixel art of a full moon over the sea at night",
        "a photo of hills by day",
    ),
    "landscapes": (
        "a full moon over the sea at night",
        "a crescent moon and stars over mountains at night",
        "a sunset over the sea with a boat",
        "a house and a tree in a field by day, some clouds",
        "a bridge over a river in fog",
        "a palm on a beach, a balloon in a blue sky",
        "a cat on a path in the snow",
    ),
    "signs": (
        "a red sign that says stop on a white background",
        "a green sign that says open on a yellow background",
        "a blue sign with the word tea on a grey background",
    ),
}
FILLED = ("a full moon", "a crescent moon", "a balloon", "a red boat", "a white heart", "")


def painted(model: UnclipModel, seeds: Sequence[int] = SEEDS, **asked: Any) -> list[Picture]:  # noqa: ANN401
    """Return pictures at the model's own settings, one a seed."""
    working = asked.pop("working", Size(*model.card.native))
    wanted = Conditions(guidance=model.card.guidance, working=working, seeds=seeds, **asked)
    shape = model.latent_shape(working)
    noise = CandidateNoise(seeds, shape, "cpu")
    levels = uniform(model.path, model.card.steps)
    *_, x0 = dpmpp_2m(_kept(model, wanted), noise(), levels, noise)
    return pixels(model.decode(x0, working, lambda: None))


def _kept(model: UnclipModel, conditions: Conditions) -> Denoise:
    """Return the model's denoiser; with a hole, latents outside it stay what they are."""
    denoise = model.denoiser(conditions)
    if conditions.known is None or conditions.hole is None:
        return denoise
    hole = (functional.max_pool2d(conditions.hole, CELL) > TOUCHED).float()
    known = model.encode(conditions.known)
    return lambda x, level: known * (1 - hole) + denoise(x, level) * hole


def pixels(pictures: Tensor) -> list[Picture]:
    """Return pictures (N, 3, H, W) in [-1, 1] as uint8 (H, W, 3)."""
    return list(((pictures.movedim(1, -1) + 1) * 127.5).round().to(torch.uint8).numpy())


def _hole(box: tuple[int, int, int, int], height: int, width: int) -> Tensor:
    left, top, right, bottom = box
    mask = torch.zeros(1, 1, height, width)
    mask[..., top:bottom, left:right] = 1.0
    return mask


def _filled(model: UnclipModel, picture: Picture, hole: Tensor, prompt: str) -> list[Picture]:
    """Return the picture with its hole greyed, then with the hole painted."""
    known = tensor(picture[None]) * (1 - hole)
    size = Size(picture.shape[1], picture.shape[0])
    made = painted(model, SEEDS[:3], prompt=prompt, working=size, known=known, hole=hole)
    alpha = hole[0, 0].numpy()[..., None]
    return [
        pixels(known)[0],
        *(np.round(picture * (1 - alpha) + new * alpha).astype(np.uint8) for new in made),
    ]


def _holes(model: UnclipModel) -> Picture:
    rows = []
    for number, prompt in enumerate(FILLED):
        scene = imagined(HELD_OUT + number, kind="land")
        picture = drawn(scene, 256).pixels
        rows.append(_filled(model, picture, _hole((72, 32, 184, 144), 256, 256), prompt))
    return sheet(rows, [prompt or "(no words)" for prompt in FILLED])


def _sides(model: UnclipModel) -> Picture:
    rows = []
    for number in range(5):
        picture = drawn(imagined(HELD_OUT + 50 + number, 1.5, kind="land"), 256).pixels
        hole = _hole((0, 0, 96, 256), 256, 384) + _hole((288, 0, 384, 256), 256, 384)
        rows.append([*_filled(model, picture, hole, "")[:3], picture])
    return sheet(rows, ["both sides continued; last, as it was drawn"] * len(rows))


def _variations(model: UnclipModel) -> Picture:
    rows = []
    for number in range(5):
        picture = drawn(imagined(HELD_OUT + 100 + number), 256).pixels
        rows.append([picture, *painted(model, like=tensor(picture[None]))])
    return sheet(rows, ["first as drawn, then like it"] * len(rows))


def curve(path: Path) -> Picture:
    """Return the curve of a stage's loss, logarithmic."""
    with path.open() as file:
        losses = np.array([float(row["loss"]) for row in csv.DictReader(file)])
    canvas = np.full((200, 320, 3), 255, np.uint8)
    high = np.log(np.maximum(losses, 1e-6))
    low, span = high.min(), max(np.ptp(high), 1e-6)
    x = np.linspace(10, 310, len(losses))
    y = 185 - (high - low) / span * 165
    cv2.polylines(canvas, [np.stack([x, y], 1).astype(np.int32)], False, (160, 60, 30), 1, 16)
    title = f"{path.parent.name}: {losses[0]:.3f} to {losses[-1]:.3f}"
    cv2.putText(canvas, title, (10, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1, 16)
    return canvas


def sheets(recipe: Recipe, weights: Path = WEIGHTS) -> None:
    """Write all sheets beside the weights."""
    family = UnclipFamily()
    card = family.recognise(weights)
    if card is None:
        raise FileNotFoundError(f"{weights} holds no exported model: run the stage export first.")
    model, folder = family.load(card, "cpu", "fp32"), weights / "sheets"
    for name, prompts in SHEETS.items():
        rows = [painted(model, prompt=prompt) for prompt in prompts]
        write(folder / f"{name}.jpg", sheet(rows, prompts))
    write(folder / "holes.jpg", _holes(model))
    write(folder / "sides.jpg", _sides(model))
    write(folder / "variations.jpg", _variations(model))
    curves = [curve(path) for path in sorted(recipe.runs.glob("*/curve.csv"))]
    write(folder / "curves.jpg", np.concatenate(curves, axis=1))
