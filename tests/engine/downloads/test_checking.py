"""Hashes, and what is put aside."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from engine.downloads.checking import check_part, fits, hashes_of, quarantined
from engine.downloads.hub import Stated
from engine.errors import DownloadError, ModelError
from tests.engine.downloads.hub_server import weights

CONTENT = b"hello\n"
GIT = "ce013625030ba8dba906f756967f9e9ca394464a"  # what `git hash-object` says of it
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    return path


def test_hashes_are_those_of_the_hub_and_of_git(file: Path) -> None:
    found = hashes_of(file)
    assert (found.bytes, found.sha256, found.git_sha1) == (6, SHA256, GIT)


@pytest.mark.parametrize(
    ("stated", "pinned", "good"),
    [
        (Stated("f", 6, sha256=SHA256), "", True),
        (Stated("f", 6, git_sha1=GIT), "", True),
        (Stated("f", 6), SHA256, True),
        (Stated("f", 6), "", True),  # an address without a hash: pinned at this pull
        (Stated("f", 7, sha256=SHA256), "", False),
        (Stated("f", 6, sha256="0" * 64), "", False),
        (Stated("f", 6, sha256="0" * 64, git_sha1=GIT), "", False),
        (Stated("f", 6, git_sha1="0" * 40), "", False),
        (Stated("f", 6, sha256=SHA256), "0" * 64, False),
    ],
)
def test_a_file_fits_what_is_known_of_it(
    file: Path, stated: Stated, pinned: str, good: bool
) -> None:
    assert fits(hashes_of(file), stated, pinned) is good


def test_weights_must_be_sound_to_the_last_byte(tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.write_bytes(weights(1))
    check_part(part, "model.safetensors")
    part.write_bytes(weights(1)[:-1])
    with pytest.raises(ModelError):
        check_part(part, "model.safetensors")
    check_part(part, "config.json")


def test_what_is_put_aside_replaces_what_was_before(tmp_path: Path) -> None:
    for content in (b"one", b"two"):
        part = tmp_path / "part"
        part.write_bytes(content)
        there = quarantined(tmp_path, "tiny", "unet/x.safetensors", part)
        assert not part.exists()
        assert there.read_bytes() == content
        assert there.suffix != ".safetensors"
    assert len(list(there.parent.iterdir())) == 1


def test_a_file_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="cannot be read"):
        hashes_of(tmp_path / "nothing")
