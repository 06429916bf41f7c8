"""Shared memory: whose folder it is."""

from __future__ import annotations

from pathlib import Path

from bridge.workers.shared import shared_folder


def test_somebody_else_s_folder_in_shared_memory_is_not_used(tmp_path: Path) -> None:
    mine = shared_folder(tmp_path, "test-of-blobs")
    try:
        mine.chmod(0o777)
        assert shared_folder(tmp_path, "test-of-blobs") == tmp_path / "shared"
    finally:
        mine.rmdir()
