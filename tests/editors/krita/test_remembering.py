"""The history of a document in the real Krita: inside the .kra, and of use again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.editors.krita.conftest import Play
from tests.editors.scripted_bridge import Part, scripted_bridge

pytestmark = pytest.mark.editor
FIRST = {"prompt": "first moon", "seed": 4711, "label": "Fill selection"}
SECOND = {"prompt": "second moon", "seed": 4714, "label": "Refine selection"}


def test_what_was_painted_is_kept_in_the_file_and_can_be_used_again(
    play: Play, tmp_path: Path
) -> None:
    with scripted_bridge(Part(), tmp_path) as file:
        report = play("remembering", file)
    facts: dict[str, Any] = report.facts
    assert facts["fresh"] == [SECOND, FIRST]
    assert facts["saved"]
    assert facts["without_document"] == []
    assert facts["picture_reopened"] == facts["copy_reopened"] == [SECOND, FIRST]
    assert facts["again"] == {
        "prompt": "first moon",
        "negative": "clouds",
        "steps": 12,
        "seed": 4711,
        "strength": 1.0,
    }
    # The feathered selection, as the bridge was given it.
    assert facts["revealed"] == [86, 46, 264, 228]
    assert facts["revealed_layer"] == "first moon [4711]"
    assert facts["exported"]
    with Image.open(report.out / "exported.png") as picture:
        record = json.loads(picture.text["mahlstick"])
        exported = np.asarray(picture.convert("RGBA"))
    assert (record["prompt"], record["candidate_seed"]) == ("first moon", 4711)
    shown = np.fromfile(report.out / "exported.bgra", np.uint8).reshape(640, 960, 4)
    assert (exported == shown[..., [2, 1, 0, 3]]).all()
