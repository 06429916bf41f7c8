"""The package's door."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import engine

LIGHT = """
import json, sys
import engine
found = engine.catalogue(models=sys.argv[1:2], hooks=sys.argv[2:3])
rss = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS"))
heavy = [name for name in ("torch", "diffusers", "cv2", "PIL") if name in sys.modules]
print(json.dumps({"heavy": heavy, "kib": rss, "models": [card.name for card in found.models]}))
"""


def test_importing_the_engine_and_its_catalogue_leaves_torch_out(
    tiny_folder: Path, tiny_hook: str
) -> None:
    command = [sys.executable, "-c", LIGHT, str(tiny_folder), tiny_hook]
    said = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    assert said["heavy"] == []
    assert "tiny" in said["models"]
    assert said["kib"] < 60 * 1024


def test_every_name_the_door_offers_is_there() -> None:
    for name in engine.__all__:
        assert getattr(engine, name) is not None


def test_a_name_the_door_does_not_offer_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonesuch"):
        _ = engine.nonesuch


def test_the_catalogue_lists_what_is_built_in() -> None:
    found = engine.catalogue()
    assert {"euler", "euler_ancestral", "heun", "dpmpp_2m", "ddim"} <= set(found.samplers)
    assert {"model", "karras"} <= set(found.schedules)
