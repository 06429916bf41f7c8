"""The library knows every file by kind and name, and reads a header once."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.checkpoints import library as module
from engine.checkpoints.index import Index
from engine.checkpoints.library import Library, model_folders
from engine.checkpoints.shelves import Shelf
from tests.engine.checkpoints.files import indexed, raw, written
from tests.engine.checkpoints.test_shelves import EMBEDDING, LORA, SD1

VAE = {"decoder.conv_in.weight": (8, 4, 3, 3), "decoder.conv_out.weight": (3, 8, 3, 3)}
UPSCALER = {"body.0.weight": (8, 3, 3, 3), "body.1.weight": (8,), "body.2.weight": (48, 8, 3, 3)}


def shelf_of(folder: Path) -> list[Shelf]:
    return [Shelf(folder, "folder")]


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder = tmp_path / "shelf"
    for name, shapes in (
        ("paint", SD1),
        ("style", LORA),
        ("word", EMBEDDING),
        ("auto", VAE),
        ("x4", UPSCALER),
    ):
        written(folder / f"{name}.safetensors", shapes)
    return folder


@pytest.fixture
def headers_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was looked into, by name."""
    seen: list[str] = []
    real = module.found_out

    def spy(find: module.Find) -> module.Known:
        seen.append(find.path.name)
        return real(find)

    monkeypatch.setattr(module, "found_out", spy)
    return seen


def test_every_kind_is_there_by_name(shelf: Path) -> None:
    found = Library(shelf_of(shelf))
    assert dict(found.checkpoints) == {"paint": shelf / "paint.safetensors"}
    assert dict(found.loras) == {"style": shelf / "style.safetensors"}
    assert dict(found.embeddings) == {"word": shelf / "word.safetensors"}
    assert dict(found.vaes) == {"auto": shelf / "auto.safetensors"}
    assert dict(found.upscalers) == {"x4": shelf / "x4.safetensors"}


def test_refused_and_broken_files_are_there_with_the_reason(shelf: Path) -> None:
    (shelf / "old.ckpt").write_bytes(b"\x80\x04N.")
    raw(shelf / "huge.safetensors", b"{}", length=9 * 2**60)
    reasons = {one.name: one.identity.reason for one in Library(shelf_of(shelf)).entries}
    assert "is a pickle" in reasons["old.ckpt"]
    assert "claims 10376293541461622784 bytes" in reasons["huge"]


def test_sharded_and_diffusers_folders_are_one_model_each(tmp_path: Path) -> None:
    indexed(tmp_path / "net", [SD1, VAE])
    written(tmp_path / "part" / "diffusion_pytorch_model.safetensors", VAE)
    (tmp_path / "part" / "config.json").write_text("{}")
    found = Library(shelf_of(tmp_path)).entries
    assert [(one.name, one.path.name) for one in found] == [("net", "net"), ("part", "part")]


def test_what_shares_a_name_is_told_apart_by_its_folder(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        written(tmp_path / folder / "same.safetensors", LORA)
    written(tmp_path / "c" / "same.safetensors", EMBEDDING)
    found = Library(shelf_of(tmp_path))
    assert dict(found.loras) == {
        "same": tmp_path / "a" / "same.safetensors",
        "b/same": tmp_path / "b" / "same.safetensors",
    }
    assert list(found.embeddings) == ["same"]


def test_a_header_is_read_once_for_as_long_as_the_file_stays(
    shelf: Path, tmp_path: Path, headers_read: list[str]
) -> None:
    index = tmp_path / "index.sqlite"
    first = Library(shelf_of(shelf), index).entries
    assert len(headers_read) == 5
    headers_read.clear()
    assert Library(shelf_of(shelf), index).entries == first
    assert headers_read == []
    written(shelf / "style.safetensors", EMBEDDING)
    again = Library(shelf_of(shelf), index)
    assert headers_read == [] or headers_read == ["style.safetensors"]
    assert set(again.embeddings) == {"style", "word"}
    assert headers_read == ["style.safetensors"]


def test_a_new_side_file_is_seen(shelf: Path, tmp_path: Path) -> None:
    index = tmp_path / "index.sqlite"
    assert Library(shelf_of(shelf), index).find("style")[0].about.preview is None
    (shelf / "style.png").write_bytes(b"png")
    assert Library(shelf_of(shelf), index).find("style")[0].about.preview == shelf / "style.png"


def test_a_reading_that_was_cut_off_goes_on_where_it_was(
    tmp_path: Path, headers_read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_STORED_AT_ONCE", 2)
    for number in range(5):
        written(tmp_path / "shelf" / f"{number}.safetensors", LORA)
    index = tmp_path / "index.sqlite"

    def cut() -> None:
        if len(headers_read) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Library(shelf_of(tmp_path / "shelf"), index).refresh(cut)
    headers_read.clear()
    assert len(Library(shelf_of(tmp_path / "shelf"), index).entries) == 5
    assert headers_read == ["4.safetensors"]


@pytest.mark.parametrize("content", [b"", b"not a database" * 99])
def test_a_broken_index_is_made_anew(shelf: Path, tmp_path: Path, content: bytes) -> None:
    index = tmp_path / "index.sqlite"
    index.write_bytes(content)
    assert len(Library(shelf_of(shelf), index).entries) == 5
    assert len(Index(index).known()) == 5


def test_an_index_that_cannot_be_written_only_costs_time(shelf: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert len(Library(shelf_of(shelf), tmp_path / "file" / "index.sqlite").entries) == 5


def test_other_rules_empty_the_index_but_for_its_hashes(
    shelf: Path, tmp_path: Path, headers_read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    index = tmp_path / "index.sqlite"
    found = Library(shelf_of(shelf), index)
    found.hashed(found.entries[0], "ab" * 32)
    headers_read.clear()
    monkeypatch.setattr("engine.checkpoints.index.RULES", 999)
    again = Library(shelf_of(shelf), index).entries
    assert len(headers_read) == 5
    assert again[0].sha256 == "ab" * 32


def test_files_that_are_gone_leave_the_index(shelf: Path, tmp_path: Path) -> None:
    index = tmp_path / "index.sqlite"
    assert len(Library(shelf_of(shelf), index).entries) == 5
    (shelf / "x4.safetensors").unlink()
    assert len(Library(shelf_of(shelf), index).entries) == 4
    assert str(shelf / "x4.safetensors") not in Index(index).known()


def test_libraries_of_different_shelves_share_an_index(
    shelf: Path, tmp_path: Path, headers_read: list[str]
) -> None:
    index = tmp_path / "index.sqlite"
    written(tmp_path / "other" / "a.safetensors", LORA)
    for folder in (shelf, tmp_path / "other"):
        assert Library(shelf_of(folder), index).entries
    headers_read.clear()
    for folder in (shelf, tmp_path / "other"):
        assert Library(shelf_of(folder), index).entries
    assert headers_read == []


def test_a_refresh_says_what_is_different(shelf: Path) -> None:
    found = Library(shelf_of(shelf))
    assert len(found.entries) == 5
    assert not found.refresh()
    assert not found.has_changed()
    written(shelf / "new.safetensors", LORA)
    (shelf / "x4.safetensors").unlink()
    written(shelf / "style.safetensors", {**LORA, "lora_unet_b.alpha": ()})
    assert found.has_changed()
    change = found.refresh()
    assert [path.name for path in change.added] == ["new.safetensors"]
    assert [path.name for path in change.changed] == ["style.safetensors"]
    assert [path.name for path in change.gone] == ["x4.safetensors"]
    assert not found.has_changed()


def test_a_folder_that_goes_is_a_change(shelf: Path) -> None:
    found = Library(shelf_of(shelf))
    assert len(found.entries) == 5
    shelf.rename(shelf.with_name("elsewhere"))
    assert found.has_changed()
    assert len(found.refresh().gone) == 5


@pytest.mark.parametrize("name", ["style", "STYLE", "style.safetensors", "abababab", "ab" * 32])
def test_a_model_is_found_by_name_file_path_or_hash(shelf: Path, name: str) -> None:
    found = Library(shelf_of(shelf))
    style = next(one for one in found.entries if one.name == "style")
    found.hashed(style, "ab" * 32)
    assert [one.path for one in found.find(name)] == [style.path]
    assert [one.path for one in found.find(str(style.path))] == [style.path]
    assert found.find("nothing") == []
    assert found.find(name)[0].autov2 == "abababab" + "ab"


def test_duplicates_are_told_and_links_are_none(tmp_path: Path) -> None:
    written(tmp_path / "a" / "one.safetensors", LORA)
    written(tmp_path / "b" / "other.safetensors", LORA)
    (tmp_path / "b" / "link.safetensors").symlink_to(tmp_path / "a" / "one.safetensors")
    found = Library(shelf_of(tmp_path))
    for one in found.entries:
        found.hashed(one, "ab" * 32)
    assert [[one.path.name for one in same] for same in found.duplicates()] == [
        ["one.safetensors", "other.safetensors"]
    ]


def test_a_hash_is_kept_for_the_state_it_was_computed_in(shelf: Path, tmp_path: Path) -> None:
    index = tmp_path / "index.sqlite"
    found = Library(shelf_of(shelf), index)
    style = found.find("style")[0]
    found.hashed(style, "ab" * 32)
    assert Library(shelf_of(shelf), index).find("style")[0].sha256 == "ab" * 32
    state = style.path.stat()
    os.utime(style.path, ns=(state.st_atime_ns, state.st_mtime_ns + 1))
    assert Library(shelf_of(shelf), index).find("style")[0].sha256 is None


def test_what_is_unhashed_comes_small_files_first(shelf: Path) -> None:
    (shelf / "old.ckpt").write_bytes(b"x")
    waiting: Sequence[module.ModelFile] = Library(shelf_of(shelf)).unhashed()
    assert [one.bytes for one in waiting] == sorted(one.bytes for one in waiting)
    assert "old.ckpt" not in [one.path.name for one in waiting]


def test_listing_does_not_import_torch(shelf: Path) -> None:
    import subprocess

    code = (
        "import sys, engine; from pathlib import Path;"
        f"assert len(engine.library([Path({str(shelf)!r})]).entries) == 5;"
        "assert engine.stock([Path(sys.argv[1])]); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(shelf)], check=True, timeout=120)


def test_the_folders_are_those_of_every_program_that_is_named(tmp_path: Path) -> None:
    comfy = tmp_path / "ComfyUI"
    (comfy / "models" / "checkpoints").mkdir(parents=True)
    studio = {"base_path": str(tmp_path / "studio"), "loras": "Lora"}
    options = {"library": {"folder": str(tmp_path / "own"), "paths": {"studio": studio}}}
    folders = model_folders([comfy], options)
    assert folders[0] == tmp_path / "own"
    assert any(folder.is_relative_to(comfy) for folder in folders)
    assert tmp_path / "studio" / "Lora" in folders
