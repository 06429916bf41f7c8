"""What a file says of itself, told to a painter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from bridge.cli import app
from bridge.cli.failures import InputFailure
from bridge.cli.inspect import inspected
from bridge.signing import Authority, Signer
from engine import labelled
from engine.stamps.watermark import marked

RECORD: dict[str, Any] = {
    "mode": "generate",
    "prompt": "a moon",
    "negative_prompt": "",
    "steps": 4,
    "sampler": "euler",
    "schedule": "model",
    "guidance": 3.0,
    "strength": 1.0,
    "candidate_seed": 5,
    "model": {"name": "tiny", "sha256": "0" * 64},
    "boxes": {"canvas": {"width": 200, "height": 160}},
    "versions": {"mahlstick": "1.0"},
}
PIXELS = np.random.default_rng(1).integers(90, 130, (160, 200, 4)).astype(np.uint8)
PIXELS[..., 3] = 255


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    content = labelled(Image.fromarray(marked(PIXELS, (0, 0))), "png", RECORD)
    path = tmp_path / "signed.png"
    path.write_bytes(Signer(Authority(tmp_path / "keys")).signed(content, "png", RECORD))
    return path


def test_all_that_a_picture_carries_is_told(signed: Path) -> None:
    said = CliRunner().invoke(app, ["inspect", str(signed)]).output
    assert "a moon" in said
    assert "Steps: 4, Sampler: euler" in said
    assert "intact; the signer is not known" in said
    assert "Signed by: Mahlstick" in said
    assert "Watermark: found" in said


def test_programs_get_json(signed: Path) -> None:
    told = json.loads(CliRunner().invoke(app, ["inspect", str(signed), "--json"]).output)
    assert told == {"record": RECORD, "signature": "Valid", "watermark": True}


def test_a_plain_picture_carries_nothing(tmp_path: Path) -> None:
    Image.fromarray(PIXELS).save(tmp_path / "plain.png")
    lines = list(inspected(tmp_path / "plain.png").lines())
    assert [line.split(":")[0] for line in lines] == ["Record", "Signature (C2PA)", "Watermark"]
    assert all("none" in line for line in lines)


def test_a_file_changed_after_signing_is_called_broken(tmp_path: Path) -> None:
    file = labelled(Image.fromarray(PIXELS[..., :3]), "jpeg", RECORD)
    content = bytearray(Signer(Authority(tmp_path / "keys")).signed(file, "jpeg", RECORD))
    content[content.index(b"a moon")] ^= 0x01
    (tmp_path / "changed.jpg").write_bytes(content)
    told = inspected(tmp_path / "changed.jpg")
    assert told.signature is not None
    assert told.signature["validation_state"] == "Invalid"
    assert any("BROKEN" in line for line in told.lines())


def test_what_is_no_picture_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("no picture")
    with pytest.raises(InputFailure, match="no picture that can be read"):
        inspected(tmp_path / "notes.png")
