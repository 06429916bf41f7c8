"""Blobs in shared memory: whose they are, what their names may be, how often they are taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.workers.shared import SharedBlobs, shared_folder


def test_somebody_else_s_folder_in_shared_memory_is_not_used(tmp_path: Path) -> None:
    mine = shared_folder(tmp_path, "test-of-blobs")
    try:
        mine.chmod(0o777)
        assert shared_folder(tmp_path, "test-of-blobs") == tmp_path / "shared"
    finally:
        mine.rmdir()


@pytest.mark.parametrize("name", ["../secret", "", "A" * 32, "0" * 31, "/etc/passwd"])
def test_a_blob_s_name_cannot_leave_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="32 hexadecimal"):
        SharedBlobs(tmp_path).take(name)


def test_a_blob_is_taken_once(tmp_path: Path) -> None:
    blobs = SharedBlobs(tmp_path)
    name = blobs.put(memoryview(b"pixels"))
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert blobs.take(name) == b"pixels"
    with pytest.raises(FileNotFoundError):
        blobs.take(name)
