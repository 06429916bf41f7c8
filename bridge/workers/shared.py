"""Pixels between the bridge and its worker: files in a memory file system, one per blob.

Not `multiprocessing.shared_memory`: its resource tracker is one more process, warns of segments
that the other end removed, and removes some that the other end needs (Python before 3.13). A file
in /dev/shm is the same memory, is written with write() (a full one is an error, not a SIGBUS), has
an owner and a mode, and where there is no /dev/shm the state folder serves.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import stat
import uuid
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it, and its owner checked
_NAME = re.compile(r"[0-9a-f]{32}")

log = logging.getLogger(__name__)


def shared_folder(state_dir: Path, state_id: str) -> Path:
    """Return the folder for a state folder's blobs, emptied of what a dead bridge left there.

    Called by the one bridge that holds the state folder's lock.
    """
    folder = _MEMORY / f"mahlstick-{state_id}"
    if not (_MEMORY.is_dir() and _ours(folder)):
        folder = state_dir / "shared"
        folder.mkdir(mode=0o700, exist_ok=True)
    left = list(folder.iterdir())
    for path in left:
        path.unlink(missing_ok=True)
    if left:
        log.info("Reclaimed %d blobs that a dead bridge left.", len(left))
    return folder


def remove_folder(folder: Path) -> None:
    """Remove a shared folder and all in it; at the end of the bridge."""
    shutil.rmtree(folder, ignore_errors=True)


class SharedBlobs:
    """Blobs by name in a shared folder; each is taken once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes | memoryview) -> str:
        """Return the name under which the other end takes the content; raises OSError when full."""
        name = uuid.uuid4().hex
        path = self.folder / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                rest = memoryview(content).cast("B")
                while rest:
                    rest = rest[file.write(rest) :]
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return name

    def take(self, name: str) -> bytes:
        """Return a blob and remove it; raises FileNotFoundError, ValueError for no name of ours."""
        if not _NAME.fullmatch(name):
            raise ValueError("A blob's name is 32 hexadecimal digits.")
        path = self.folder / name
        content = path.read_bytes()
        path.unlink(missing_ok=True)
        return content

    def drop(self, name: str) -> None:
        """Remove a blob that nobody takes any more."""
        (self.folder / name).unlink(missing_ok=True)


def _ours(folder: Path) -> bool:
    """Make a folder in a place where everybody may; False when somebody else was there first."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    mine = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    return mine and not found.st_mode & 0o077
