"""The record of a picture, and the PNG that carries it."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine import (
    Box,
    Extension,
    Layout,
    MaskShape,
    Mode,
    PaintRequest,
    Plan,
    Size,
    replayed,
    stamped_png,
)
from engine.provenance import described, of_candidate, parameters

PICTURE = np.random.default_rng(1).integers(0, 255, (12, 20, 4)).astype(np.uint8)
PLAN = Plan(((0, 2), (1,)), threads=2, tile=64, stop_step=3)
REQUEST = PaintRequest(
    mode=Mode.OUTPAINT,
    prompt="a «мoon», over\nthe sea 🌙",
    negative_prompt="rain",
    image=PICTURE,
    extension=Extension(left=4, bottom=2),
    strength=0.9,
    candidates=3,
    seed=2**62,
    steps=8,
    guidance=2.5,
    sampler="euler",
    schedule="karras",
    model="tiny",
    mask_shape=MaskShape(grow=3, soft_edge=2),
)


@pytest.fixture
def record() -> dict[str, Any]:
    box = Box(0, 0, 24, 14)
    layout = Layout(Size(24, 14), (4, 0), box, Size(32, 16), box, np.zeros((14, 24), np.uint8))
    return of_candidate(described(REQUEST, layout, PLAN, "ab" * 32), 1, 2**62 + 1, {"shift": [0]})


def test_a_record_survives_json_and_replays_the_request(record: dict[str, Any]) -> None:
    again = replayed(json.loads(json.dumps(record)), PICTURE)
    assert again.plan == PLAN
    for name in ("mode", "prompt", "negative_prompt", "extension", "strength", "seed", "steps"):
        assert getattr(again, name) == getattr(REQUEST, name)
    for name in ("guidance", "sampler", "schedule", "model", "mask_shape", "candidates", "only"):
        assert getattr(again, name) == getattr(REQUEST, name)


def test_a_part_of_a_batch_replays_as_that_part(record: dict[str, Any]) -> None:
    record["plan"]["batches"] = [[2]]
    assert replayed(record, PICTURE).only == (2,)


def test_pictures_are_named_by_their_bytes(record: dict[str, Any]) -> None:
    assert len(record["image_sha256"]) == 64
    assert record["mask_sha256"] is None


def test_a_stamped_png_holds_the_pixels_and_both_texts(record: dict[str, Any]) -> None:
    with Image.open(io.BytesIO(stamped_png(PICTURE, record)), formats=["PNG"]) as png:
        png.load()
        assert np.array_equal(np.asarray(png), PICTURE)
        assert json.loads(png.info["mahlstick"]) == json.loads(json.dumps(record))
        assert png.info["parameters"] == parameters(record)


def test_the_parameters_are_the_three_lines_other_tools_read(record: dict[str, Any]) -> None:
    prompt, negative, settings = parameters(record).split("\n")
    assert prompt == "a «мoon», over the sea 🌙"
    assert negative == "Negative prompt: rain"
    pairs = dict(pair.split(": ", 1) for pair in settings.split(", "))
    assert pairs["Steps"] == "8"
    assert pairs["Seed"] == str(2**62 + 1)
    assert pairs["Size"] == "24x14"
    assert pairs["Denoising strength"] == "0.9"
    assert pairs["Model hash"] == "abababab" + "ab"


def test_without_a_negative_prompt_its_line_is_left_out(record: dict[str, Any]) -> None:
    record["negative_prompt"] = ""
    record["strength"] = 1.0
    assert len(parameters(record).split("\n")) == 2
    assert "Denoising" not in parameters(record)
