"""A picture painted again from its own file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from bridge.cli import app
from bridge.cli.failures import InputFailure
from bridge.cli.replay import Given, compared, record_of, submission
from bridge.server import running
from bridge.signing import verified
from tests.bridge.talk import settings_in

VERSIONS = {"torch": "2.13.0", "numpy": "2.4.6"}
OLD: dict[str, Any] = {"model": {"name": "embedded", "sha256": "a"}, "versions": VERSIONS}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield the state folder of a bridge with the embedded model."""
    settings = settings_in(tmp_path_factory.mktemp("bridge"))
    with running(settings):
        yield settings.state_dir


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    ramp = np.linspace(60, 200, 160, dtype=np.uint8)
    Image.fromarray(np.dstack([np.tile(ramp, (120, 1))] * 3)).save(path)
    return path


def called(*arguments: str | Path) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(done.exception, InputFailure):
        raise done.exception
    assert done.exit_code == 0, done.output + repr(done.exception)
    return done.output


def painted(state: Path, out: Path, *arguments: str | Path) -> list[Path]:
    called("paint", "the sun over the sea", "--out", out, "--state-dir", state, *arguments)
    return sorted(path for path in out.glob("*.png") if "sheet" not in path.name)


def test_a_generated_picture_comes_again_pixel_for_pixel(state: Path, tmp_path: Path) -> None:
    files = painted(state, tmp_path / "first", "-n", "2", "--steps", "3", "--seed", "11")
    said = called("replay", files[1], "--out", tmp_path / "again", "--state-dir", state)
    assert "Identical" in said
    (again,) = (tmp_path / "again").glob("*-replayed.png")
    with Image.open(again) as new, Image.open(files[1]) as old:
        assert np.array_equal(np.asarray(new), np.asarray(old))


def test_a_fill_comes_again_when_picture_and_selection_are_given(
    state: Path, tmp_path: Path, photo: Path
) -> None:
    select = ("--select", "40,30,64,48")
    options = ("--image", photo, *select, "-n", "1", "--steps", "3")
    (file,) = painted(state, tmp_path / "first", *options)
    again = ("replay", file, "--image", photo, "--out", tmp_path, "--state-dir", state)
    assert "Identical" in called(*again, *select)
    with pytest.raises(InputFailure, match="give that with --image"):
        called("replay", file)
    with pytest.raises(InputFailure, match="--mask FILE or --select"):
        called(*again)
    with pytest.raises(InputFailure, match="not the one it was painted in"):
        called(*again, "--select", "41,30,64,48")
    with pytest.raises(InputFailure, match="not the picture it was painted in"):
        called("replay", file, "--image", file, *select)


def test_what_the_command_line_saves_is_signed(state: Path, tmp_path: Path, photo: Path) -> None:
    options = ("--image", photo, "--select", "40,30,64,48", "-n", "1", "--steps", "2")
    (file,) = painted(state, tmp_path, *options)
    told = verified(file.read_bytes(), "image/png")
    assert told is not None
    assert told["validation_state"] == "Valid"
    manifest = told["manifests"][told["active_manifest"]]
    assert [part["relationship"] for part in manifest["ingredients"]] == ["parentOf"]


def test_a_mix_comes_again_when_both_pictures_are_given(
    state: Path, tmp_path: Path, photo: Path
) -> None:
    second = tmp_path / "second.png"
    Image.new("RGB", (64, 64), (40, 40, 200)).save(second)
    mixed = ("--image", photo, "--second", second, "--mix", "0.4")
    (file,) = painted(state, tmp_path / "first", *mixed, "-n", "1", "--steps", "3")
    again = ("replay", file, "--image", photo, "--out", tmp_path, "--state-dir", state)
    assert "Identical" in called(*again, "--second", second)
    with pytest.raises(InputFailure, match="give the other with --second"):
        called(*again)
    with pytest.raises(InputFailure, match="not the picture it was mixed with"):
        called(*again, "--second", photo)


def test_a_file_without_a_record_is_refused_with_what_to_give(photo: Path, tmp_path: Path) -> None:
    with pytest.raises(InputFailure, match="holds no record"):
        record_of(photo)
    with pytest.raises(InputFailure, match="cannot be read"):
        record_of(tmp_path / "nowhere.png")


def test_a_record_of_another_version_is_refused() -> None:
    with pytest.raises(InputFailure, match="another version"):
        submission({"plan": {}, "mode": "generate"}, Given())


def test_what_differs_is_counted_and_explained() -> None:
    before = np.zeros((4, 5, 4), np.uint8)
    after = before.copy()
    after[0, :3, 1] = (1, 9, 2)
    new = {"model": {"name": "embedded", "sha256": "b"}, "versions": {**VERSIONS, "torch": "3.0"}}
    assert compared(before, after, OLD, new) == [
        "It differs in 3 of 20 pixels, by 9 of 255 at most.",
        "The model embedded has other weights than it had.",
        "torch is 3.0; it was 2.13.0.",
    ]
    assert compared(before, before, OLD, new) == ["Identical: every pixel is as it was."]
    assert "another processor" in compared(before, after, OLD, OLD)[1]
    assert compared(before, after[:2], OLD, OLD)[0] == "It is another picture: 5x4 then, 5x2 now."
