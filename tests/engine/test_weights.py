"""Finding models, and never trusting their files."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from engine import ModelError, RequestError, catalogue, weights
from engine.checkpoints.headers import HEADER_LIMIT
from engine.families import ModelCard
from engine.weights import Catalogue, Fingerprints, check_weights

CARD = ModelCard(name="one", family="tiny", path=Path("one"))
FULL = Catalogue(("euler",), ("model",), (CARD, replace(CARD, name="two")))


@pytest.fixture
def no_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "embedded_folder", lambda: None)


def model(folder: Path, header: bytes = b"{}", length: int | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tiny.json").write_text("{}")
    size = len(header) if length is None else length
    (folder / "a.safetensors").write_bytes(size.to_bytes(8, "little") + header)
    return folder


def tensor(folder: Path) -> Path:
    """Write a model of one real tensor."""
    header = {"a": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}}
    model(folder, json.dumps(header).encode())
    with (folder / "a.safetensors").open("ab") as stream:
        stream.write(bytes(4))
    return folder


@pytest.mark.usefixtures("no_embedded")
def test_a_model_is_found_by_its_own_folder_or_the_one_above(
    tmp_path: Path, tiny_hook: str
) -> None:
    folder = model(tmp_path / "shelf" / "mine")
    for path in (folder, folder.parent, str(folder)):
        assert [card.name for card in catalogue([path], [tiny_hook]).models] == ["mine"]


@pytest.mark.usefixtures("no_embedded")
def test_folders_without_a_model_are_problems_not_errors(tmp_path: Path, tiny_hook: str) -> None:
    (tmp_path / "empty").mkdir()
    found = catalogue([tmp_path / "empty", tmp_path / "gone"], [tiny_hook])
    assert found.models == ()
    assert "holds no model" in found.problems[0]
    assert "does not exist" in found.problems[1]
    with pytest.raises(RequestError, match="gone"):
        found.card(None)


@pytest.mark.usefixtures("no_embedded")
def test_of_two_models_of_one_name_the_first_is_used_and_told(
    tmp_path: Path, tiny_hook: str
) -> None:
    first, second = model(tmp_path / "a" / "same"), model(tmp_path / "b" / "same")
    found = catalogue([first, second], [tiny_hook])
    assert [card.path for card in found.models] == [first]
    assert str(second) in found.problems[0]


@pytest.mark.usefixtures("no_embedded")
def test_one_broken_model_does_not_take_the_others_away(tmp_path: Path, tiny_hook: str) -> None:
    good = model(tmp_path / "good")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "unclip.json").write_text("no json")
    found = catalogue([tmp_path / "bad", good], [tiny_hook])
    assert [card.name for card in found.models] == ["good"]
    assert "unclip.json" in found.problems[0]


def test_no_name_means_the_first_model() -> None:
    assert FULL.card(None).name == "one"
    assert FULL.card("two").name == "two"


def test_an_unknown_model_is_refused_with_what_there_is() -> None:
    with pytest.raises(RequestError, match="one, two") as error:
        FULL.card("three")
    assert error.value.field == "model"


def test_the_fingerprint_follows_the_bytes_and_names(tmp_path: Path) -> None:
    folder, prints = model(tmp_path / "m"), Fingerprints()
    before = prints.of(folder)
    assert before == Fingerprints().of(folder)
    (folder / "a.safetensors").write_bytes((3).to_bytes(8, "little") + b"{ }")
    changed = prints.of(folder)
    assert changed != before
    (folder / "a.safetensors").rename(folder / "b.safetensors")
    assert prints.of(folder) not in (before, changed)


def test_a_file_that_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    folder, prints = model(tmp_path / "m"), Fingerprints()
    file = folder / "a.safetensors"
    before, when = prints.of(folder), file.stat()
    file.write_bytes((2).to_bytes(8, "little") + b"[]")  # same size, and the time is put back
    os.utime(file, ns=(when.st_atime_ns, when.st_mtime_ns))
    assert prints.of(folder) == before


def test_sound_weights_pass(tmp_path: Path, tiny_folder: Path) -> None:
    check_weights(tiny_folder)
    check_weights(tensor(tmp_path / "m"))
    check_weights(tmp_path / "m" / "a.safetensors")


@pytest.mark.parametrize(
    ("header", "length", "said"),
    [
        (b"{}", 2**40, "claims"),
        (b"{}", 3, "claims"),
        (b" " * (HEADER_LIMIT + 1), None, "claims"),
        (b"nope", None, "cannot be read"),
        (b"[1]", None, "not a table"),
        (b"\xff\xfe", None, "cannot be read"),
        (b'{"a": {}}', None, "do not fit"),
        (b'{"a": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}}', None, "cut off"),
    ],
    ids=[
        "huge",
        "longer than the file",
        "over the limit",
        "no json",
        "no table",
        "no text",
        "no tensor",
        "cut off",
    ],
)
def test_an_unsound_header_is_a_model_error(
    tmp_path: Path, header: bytes, length: int | None, said: str
) -> None:
    with pytest.raises(ModelError, match=said):
        check_weights(model(tmp_path / "m", header, length))


def test_a_file_shorter_than_its_length_field_is_a_model_error(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(b"\x01")
    with pytest.raises(ModelError, match="claims"):
        check_weights(tmp_path)


def test_other_formats_are_not_accepted(tmp_path: Path) -> None:
    (tmp_path / "model.ckpt").write_bytes(b"\x80\x04")
    with pytest.raises(ModelError, match="safetensors"):
        check_weights(tmp_path)
