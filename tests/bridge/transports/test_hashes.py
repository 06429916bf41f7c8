"""Models are hashed by a process of its own, and the index keeps what it found out."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

from bridge.transports.hashes import Hashes
from engine import library
from tests.engine.checkpoints.files import written

LORA = {"lora_unet_a.lora_down.weight": (4, 8), "lora_unet_a.lora_up.weight": (8, 4)}


def options_of(folder: Path) -> dict[str, Any]:
    told = {"folder": str(folder / "models"), "index": str(folder / "models.sqlite")}
    return {"models": [], "hooks": [], "options": {"library": told}}


def test_a_slice_of_hashing_leaves_its_hashes_in_the_index(tmp_path: Path) -> None:
    files = [written(tmp_path / "models" / f"{name}.safetensors", LORA) for name in "ab"]
    options = options_of(tmp_path)
    assert asyncio.run(Hashes(options).slice()) == 0
    found = library([], options["options"])
    assert [one.sha256 for one in found.entries] == [
        hashlib.sha256(file.read_bytes()).hexdigest() for file in files
    ]
    assert len(found.duplicates()) == 1


def test_a_slice_that_is_over_says_what_is_left(tmp_path: Path) -> None:
    for name in "abc":
        written(tmp_path / "models" / f"{name}.safetensors", LORA)
    assert asyncio.run(Hashes(options_of(tmp_path)).slice(seconds=0)) == 2


def test_hashing_can_be_turned_off(tmp_path: Path) -> None:
    written(tmp_path / "models" / "a.safetensors", LORA)
    options = options_of(tmp_path)
    options["options"]["library"]["hashes"] = False
    asyncio.run(Hashes(options, first_s=0).run())
    assert [one.sha256 for one in library([], options["options"]).entries] == [None]


def test_without_an_answer_nothing_is_left_to_wait_for(tmp_path: Path) -> None:
    assert asyncio.run(Hashes({**options_of(tmp_path), "models": None}).slice()) == 0
