"""Where pixels cross between the bridge and its worker: a folder in a memory file system.

Not `multiprocessing.shared_memory`: its resource tracker is one more process, warns of segments
that the other end removed, and removes some that the other end needs (Python before 3.13). A file
in /dev/shm is the same memory, is written with write() (a full one is an error, not a SIGBUS), has
an owner and a mode, and where there is no /dev/shm the state folder serves.
"""

from __future__ import annotations

import logging
import os
import shutil
import stat
from pathlib import Path

from bridge.blobs import Blobs, Carrier, attached, blob_names

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it, and its owner checked

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


def taken(message: Carrier, blobs: Blobs) -> Carrier:
    """Return a message that crossed, its pictures taken out of shared memory."""
    whole = attached(message, blobs)
    for name in blob_names(message):
        blobs.drop(name)
    return whole


def _ours(folder: Path) -> bool:
    """Make a folder in a place where everybody may; False when somebody else was there first."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    mine = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    return mine and not found.st_mode & 0o077
