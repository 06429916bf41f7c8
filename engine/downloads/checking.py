"""Whether a file is what its source states; one that is not is put where nothing loads it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.checkpoints.headers import read_header
from engine.downloads.hub import Stated
from engine.downloads.transfer import unwritable
from engine.errors import DownloadError, ModelError

QUARANTINE = ".quarantine"
WEIGHTS = ".safetensors"
_CHUNK = 4 * 2**20
_SMALL = 64 * 2**20  # what git itself may name on the hub, and more; beyond it is SHA-256 alone


@dataclass(frozen=True, slots=True)
class Hashes:
    """What was read of a file."""

    bytes: int
    sha256: str
    git_sha1: str


def hashed(path: Path) -> Iterator[int | Hashes]:
    """Yield how many bytes were read so far, and last the hashes; raises DownloadError."""
    sha256, done = hashlib.sha256(), 0
    try:
        size = path.stat().st_size
        # Git names a small file so; it is a name, not a secret.
        git = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                sha256.update(chunk)
                if size <= _SMALL:
                    git.update(chunk)
                done += len(chunk)
                yield done
    except OSError as error:
        raise DownloadError("disk", f"{path} cannot be read ({error.strerror}).") from error
    yield Hashes(done, sha256.hexdigest(), git.hexdigest() if size <= _SMALL else "")


def hashes_of(path: Path) -> Hashes:
    """Return a file's hashes; raises DownloadError."""
    *_, last = hashed(path)
    assert isinstance(last, Hashes)  # noqa: S101 - the last one always is
    return last


def fits(found: Hashes, stated: Stated, pinned: str = "") -> bool:
    """Tell whether a file is what was stated of it, and what was pinned of it before."""
    if found.bytes != stated.size or (pinned and found.sha256 != pinned):
        return False
    if stated.sha256:
        return found.sha256 == stated.sha256
    return not stated.git_sha1 or found.git_sha1 == stated.git_sha1


def check_part(part: Path, path: str) -> None:
    """Raise ModelError unless weights are safetensors with a sound header, to the last byte."""
    if path.endswith(WEIGHTS):
        read_header(part)


def quarantined(folder: Path, name: str, path: str, part: Path) -> Path:
    """Move a part to where nothing loads it, in the place of an earlier one; return where."""
    there = folder / QUARANTINE / name / f"{path.replace('/', '--')}.refused"
    try:
        there.parent.mkdir(parents=True, exist_ok=True)
        part.replace(there)
    except OSError as error:
        raise unwritable(there, error) from error
    return there


def other_bytes(shown: str, path: str, found: Hashes, expected: str, there: Path) -> DownloadError:
    """Return the error for a file that has another hash than the stated one."""
    return DownloadError(
        "hash",
        f"{path} of {shown} is not what was stated: its SHA-256 is {found.sha256}, and "
        f"{expected}. It was damaged or changed on the way and cannot be loaded; it was put aside "
        f"as {there}. Pull again; if that happens once more, ask where you got the name.",
    )


def unsound(shown: str, path: str, error: ModelError, there: Path) -> DownloadError:
    """Return the error for weights that are no safetensors file."""
    return DownloadError(
        "hash",
        f"{path} of {shown} cannot be used: {error} It was put aside as {there}.",
    )
