"""No model is lost on the way: verified, moved, removed."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import CancelledError, ModelError
from engine.checkpoints import keeping
from engine.checkpoints.digests import Hashing, sha256_of
from engine.checkpoints.keeping import (
    TRASH,
    empty_trash,
    move_model,
    remove_model,
    trashed_models,
    verify_model,
)
from engine.checkpoints.library import Library, ModelFile
from engine.checkpoints.shelves import Shelf
from engine.weights import Fingerprints
from tests.engine.checkpoints.files import indexed, written
from tests.engine.checkpoints.test_shelves import LORA, SD1

WAIT_S = 60.0


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "ours"


def one_of(folder: Path, origin: str = "Mahlstick") -> ModelFile:
    found = Library([Shelf(folder, origin)]).entries
    assert len(found) == 1
    return found[0]


@pytest.fixture
def file(own: Path) -> ModelFile:
    written(own / "style.safetensors", LORA)
    (own / "style.png").write_bytes(b"png")
    (own / "style.json").write_text("{}")
    return one_of(own)


@pytest.fixture
def other_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every move one to another disk."""
    monkeypatch.setattr(keeping, "_is_same_disk", lambda *_: False)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_sound_file_is_verified_with_its_hash(file: ModelFile) -> None:
    verdict = verify_model(file)
    assert verdict.sound
    assert verdict.sha256 == hashlib.sha256(file.path.read_bytes()).hexdigest()
    assert verdict.against == ""


def test_a_hash_that_differs_is_told_with_what_says_so(file: ModelFile) -> None:
    pinned = verify_model(file, expected="ab" * 32)
    assert not pinned.sound
    assert "what was pulled says abab" in pinned.sentence
    page = replace(file, about=replace(file.about, stated_sha256="cd" * 32))
    assert "the page it is from says cdcd" in verify_model(page).sentence
    before = verify_model(replace(file, sha256="ef" * 32))
    assert "an earlier reading says efef" in before.sentence
    assert verify_model(file, expected=sha256_of(file.path).upper()).sound


def test_a_cut_off_file_is_not_sound(file: ModelFile) -> None:
    file.path.write_bytes(file.path.read_bytes()[:-1])
    verdict = verify_model(file)
    assert not verdict.sound
    assert "is cut off" in verdict.sentence


def test_the_hash_of_a_folder_is_its_fingerprint(tmp_path: Path) -> None:
    indexed(tmp_path / "net", [SD1, LORA])
    assert sha256_of(tmp_path / "net") == Fingerprints().of(tmp_path / "net")


@pytest.mark.parametrize("disk", ["same", "other"])
def test_a_move_takes_what_lies_beside_it_along(
    disk: str, file: ModelFile, own: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if disk == "other":
        request.getfixturevalue("other_disk")
    before, target = contents(own), tmp_path / "new" / "place"
    moved = move_model(file, target)
    assert moved.to == target / "style.safetensors"
    assert contents(target) == before
    assert contents(own) == {}
    assert {path.name for path in moved.beside} == {"style.png", "style.json"}


@pytest.mark.usefixtures("other_disk")
def test_a_folder_moves_whole(tmp_path: Path) -> None:
    indexed(tmp_path / "a" / "net", [SD1, LORA])
    before = contents(tmp_path / "a" / "net")
    moved = move_model(one_of(tmp_path / "a"), tmp_path / "b")
    assert contents(moved.to) == before
    assert not (tmp_path / "a" / "net").exists()


@pytest.mark.usefixtures("other_disk")
@pytest.mark.parametrize("fault", ["full", "flipped", "cancelled"])
def test_a_move_that_fails_leaves_the_first_file_and_no_part(
    fault: str, file: ModelFile, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    def cancelled() -> None:
        raise CancelledError

    if fault == "full":
        monkeypatch.setattr(keeping.shutil, "copystat", full)
    elif fault == "flipped":
        monkeypatch.setattr(keeping, "sha256_of", lambda *_: "00")
    before, target = contents(own), tmp_path / "new"
    check = cancelled if fault == "cancelled" else lambda: None
    error = CancelledError if fault == "cancelled" else ModelError
    with pytest.raises(error) as caught:
        move_model(file, target, check=check)
    if error is ModelError:
        assert "still where it was" in str(caught.value)
    assert contents(own) == before
    assert contents(target) == {}


@pytest.mark.parametrize("taken", ["style.safetensors", "style.png"])
def test_nothing_is_overwritten(file: ModelFile, own: Path, tmp_path: Path, taken: str) -> None:
    target = tmp_path / "new"
    target.mkdir()
    (target / taken).write_bytes(b"theirs")
    before = contents(own)
    with pytest.raises(ModelError, match="already; nothing was moved"):
        move_model(file, target)
    assert contents(own) == before
    assert contents(target) == {taken: b"theirs"}


def test_what_another_program_keeps_is_moved_only_when_told_to(tmp_path: Path) -> None:
    written(tmp_path / "comfy" / "a.safetensors", LORA)
    file = one_of(tmp_path / "comfy", "ComfyUI")
    with pytest.raises(ModelError, match="kept by ComfyUI, and was not moved"):
        move_model(file, tmp_path / "new")
    assert move_model(file, tmp_path / "new", force=True).to.is_file()


def test_links_are_left_alone(tmp_path: Path) -> None:
    written(tmp_path / "real.safetensors", LORA)
    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf" / "a.safetensors").symlink_to(tmp_path / "real.safetensors")
    with pytest.raises(ModelError, match="is a link into another place"):
        move_model(one_of(tmp_path / "shelf"), tmp_path / "new", force=True)


def test_removing_is_moving_into_the_trash(file: ModelFile, own: Path) -> None:
    before = contents(own)
    removed = remove_model(file, own)
    assert removed.to.is_relative_to(own / TRASH)
    assert contents(removed.to.parent) == before
    assert Library([Shelf(own, "Mahlstick")]).entries == ()
    assert {path.name for path in trashed_models(own)} == set(before)
    assert empty_trash(own) == sum(map(len, before.values()))
    assert contents(own) == {}


def test_what_lies_elsewhere_is_removed_only_when_told_to(tmp_path: Path, own: Path) -> None:
    written(tmp_path / "comfy" / "a.safetensors", LORA)
    file = one_of(tmp_path / "comfy", "ComfyUI")
    with pytest.raises(ModelError, match="kept by ComfyUI, and was not removed"):
        remove_model(file, own)
    assert file.path.is_file()
    assert remove_model(file, own, force=True).to.is_relative_to(own / TRASH)


def test_hashes_are_computed_in_the_background(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        written(tmp_path / "shelf" / f"{name}.safetensors", LORA)
    library = Library([Shelf(tmp_path / "shelf", "folder")], tmp_path / "index.sqlite")
    done, seen = threading.Event(), dict[str, str]()

    def told(file: ModelFile, sha256: str) -> None:
        seen[file.name] = sha256
        if len(seen) == 3:
            done.set()

    hashing = Hashing(library, told)
    hashing.start()
    try:
        assert done.wait(WAIT_S)
    finally:
        hashing.stop()
    for one in library.entries:
        assert one.sha256 == seen[one.name] == sha256_of(one.path)
    assert len(library.duplicates()[0]) == 3
    again = Library([Shelf(tmp_path / "shelf", "folder")], tmp_path / "index.sqlite")
    assert again.unhashed() == []


def test_hashing_stops_between_blocks(tmp_path: Path) -> None:
    written(tmp_path / "shelf" / "large.safetensors", {"w": (64, 2**20)})
    library = Library([Shelf(tmp_path / "shelf", "folder")])
    hashing = Hashing(library)
    hashing.start()
    hashing.stop()
    assert len(library.entries) == 1
    hashing = Hashing(library)
    hashing.stop()  # one that never ran
