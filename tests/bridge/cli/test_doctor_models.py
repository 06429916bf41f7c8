"""`mahlstick doctor` shows where models are read from, and where else there are some."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.cli.doctor import _shelves
from tests.engine.checkpoints.files import written

LORA = {"lora_unet_a.lora_down.weight": (4, 8), "lora_unet_a.lora_up.weight": (8, 4)}


def test_folders_that_are_read_and_folders_that_could_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for name in ("XDG_DATA_HOME", "APPDATA", "INVOKEAI_ROOT", "HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    for folder in ("ComfyUI/models/loras", "invokeai/models"):
        written(tmp_path / folder / "a.safetensors", LORA)
    told = {"models": [str(tmp_path / "ComfyUI")], "options": {}}
    found = {
        (finding.what, finding.verdict): finding
        for finding in _shelves(told)
        if "hub" not in finding.found
    }
    assert found["Models of ComfyUI", "ok"].found == f"1 in {tmp_path / 'ComfyUI' / 'models'}"
    elsewhere = found["Models elsewhere", "note"]
    assert elsewhere.found == str(tmp_path / "invokeai")
    assert "`models`" in elsewhere.advice
