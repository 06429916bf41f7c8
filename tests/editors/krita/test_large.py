"""Large documents in the real Krita: every slot handles a bounded part of the picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.editors.krita.conftest import ARTIFACTS, Play
from tests.editors.scripted_bridge import Part, Script, scripted_bridge

pytestmark = pytest.mark.editor
STRIP_BYTES = 2 << 20  # what one turn may read


def test_no_slot_reads_more_than_a_strip_of_a_large_document(play: Play, tmp_path: Path) -> None:
    slow = Script(steps=3, step_s=0.3)
    part = Part({f"large {side}": slow for side in (1024, 2048, 4096)})
    with scripted_bridge(part, tmp_path) as file:
        report = play("large", file)
    facts: dict[str, Any] = report.facts
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    (ARTIFACTS / "slots.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    for asked in part.submitted():
        assert asked.image is not None
        side = asked.prompt.split()[1]
        slots = facts[side]
        assert slots["strip_bytes_max"] <= STRIP_BYTES
        # One strip a turn: a turn's work does not grow with the picture.
        assert slots["strips"] >= 4 * asked.image.width * asked.image.height / STRIP_BYTES
        assert slots["ticks"] > slots["strips"]
        assert facts[f"{side}_painted"]
