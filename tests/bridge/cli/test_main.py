"""The program as a shell sees it: exit codes, sentences, and no traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bridge", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    Image.new("RGB", (32, 16), "teal").save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_it_says_its_version() -> None:
    assert run("--version").stdout.startswith("mahlstick 0.")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--image", "nowhere.png", "--vary"], "There is no file nowhere.png"),
        (["--size", "0x0"], "WIDTHxHEIGHT"),
        (["-n", "0"], "1 to 16"),
        (["--vary"], "give the picture with --image"),
    ],
)
def test_a_wrong_option_ends_with_a_sentence_and_exit_code_2(
    arguments: list[str], sentence: str
) -> None:
    ended = run("paint", "a moon", *arguments)
    assert ended.returncode == 2
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_selection_outside_the_picture_ends_before_any_bridge_is_started(photo: Path) -> None:
    ended = run("paint", "a moon", "--image", photo, "--select", "30,0,10,10")
    assert ended.returncode == 2
    assert "which is 32x16" in ended.stderr


def test_doctor_answers_in_json_lines() -> None:
    ended = run("doctor", "--json")
    assert '"what": "torch", "verdict": "ok"' in ended.stdout
    assert '"what": "Bridge"' in ended.stdout
