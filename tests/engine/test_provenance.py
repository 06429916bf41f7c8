"""The record of a picture."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

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
)
from engine.provenance import described, of_candidate

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

WORDS = (REQUEST.prompt, REQUEST.negative_prompt)


@pytest.fixture
def record() -> dict[str, Any]:
    box = Box(0, 0, 24, 14)
    layout = Layout(Size(24, 14), (4, 0), box, Size(32, 16), box, np.zeros((14, 24), np.uint8))
    return of_candidate(
        described(REQUEST, layout, PLAN, "ab" * 32), 1, 2**62 + 1, {"shift": [0]}, WORDS
    )


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
