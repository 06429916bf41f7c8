"""Verifying, moving and removing model files so that none is ever lost half way.

A move to another disk copies, compares what was read with what was written, gives the copy its
name, and only then removes the first one. Removing is moving into the trash of our own models
folder. What other programs keep is left alone unless that is asked for by `force`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from engine.checkpoints.digests import sha256_of, weights_of
from engine.checkpoints.identity import identified
from engine.checkpoints.library import ModelFile
from engine.checkpoints.walks import find_of
from engine.errors import ModelError

TRASH = ".removed"  # in our own models folder; hidden, so that nothing in it is found
PART = ".part"  # ends the name of a copy that is not whole yet
_BLOCK = 2**20
Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether a model's bytes are sound. `against` says what the hash was compared with."""

    path: Path
    sound: bool
    sha256: str
    against: str  # "", "the page it is from", "an earlier reading", "what was pulled"
    sentence: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a model went, with the files beside it that belong to it."""

    path: Path
    to: Path
    bytes: int
    beside: tuple[Path, ...] = ()


def verify_model(
    entry: ModelFile, expected: str | None = None, check: Check = lambda: None
) -> Verified:
    """Read a model whole and say whether header and hash are as they should be.

    `expected` is the SHA-256 that was pinned when it was pulled; else the page's, else an earlier
    reading's is compared with.
    """
    found = identified(entry.path)
    if found.kind == "refused":
        return Verified(entry.path, sound=False, sha256="", against="", sentence=found.reason)
    stated, against = _stated(entry, expected)
    try:
        sha256 = sha256_of(entry.path, check)
    except OSError as error:
        sentence = f"{entry.path} cannot be read ({error.strerror}). Check the disk."
        return Verified(entry.path, sound=False, sha256="", against="", sentence=sentence)
    if stated and stated != sha256:
        sentence = (
            f"{entry.path} is not what it should be: its SHA-256 is {sha256}, and {against} says "
            f"{stated}. Download it again."
        )
        return Verified(entry.path, sound=False, sha256=sha256, against=against, sentence=sentence)
    sentence = f"{entry.name} is sound" + (f", and as {against} says." if stated else ".")
    return Verified(entry.path, sound=True, sha256=sha256, against=against, sentence=sentence)


def move_model(
    entry: ModelFile, folder: Path, *, force: bool = False, check: Check = lambda: None
) -> Moved:
    """Move a model, and the files beside it that tell of it, into a folder.

    Raises ModelError when something of that name is there, when the model is linked from a cache,
    or when it belongs to another program and `force` is not given.
    """
    _check_ours(entry, force, "moved")
    target = folder / entry.path.name
    _check_free(target)
    sides = _sides(entry)
    for side in sides:
        _check_free(folder / side.name)
    folder.mkdir(parents=True, exist_ok=True)
    carried(entry.path, target, check)
    for side in sides:
        carried(side, folder / side.name, check)
    beside = tuple(folder / side.name for side in sides)
    return Moved(entry.path, target, entry.bytes, beside)


def remove_model(
    entry: ModelFile, own: Path, *, force: bool = False, check: Check = lambda: None
) -> Moved:
    """Move a model into the trash of our own models folder; nothing is deleted.

    Raises ModelError when it lies elsewhere and `force` is not given.
    """
    inside = entry.path.resolve().is_relative_to(own.resolve())
    if not inside and not force:
        raise ModelError(
            f"{entry.name} lies in {entry.path.parent}, which is {_whose(entry)}, and was not "
            f"removed. Remove it there, or say that it shall go to the trash in {own / TRASH}."
        )
    when = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    return move_model(entry, own / TRASH / when, force=True, check=check)


def trashed_models(own: Path) -> list[Path]:
    """Return what lies in the trash, the newest first."""
    trash = own / TRASH
    times = sorted(trash.iterdir(), reverse=True) if trash.is_dir() else []
    return [path for time in times if time.is_dir() for path in sorted(time.iterdir())]


def empty_trash(own: Path) -> int:
    """Delete what lies in the trash for good, and return the bytes that this freed."""
    freed = sum(found.bytes for path in trashed_models(own) if (found := find_of(path)) is not None)
    shutil.rmtree(own / TRASH, ignore_errors=True)
    return freed


def carried(source: Path, target: Path, check: Check) -> None:
    """Give a file or folder a new place: by renaming on one disk, else copied and compared.

    When anything goes wrong, the first one is still there and whole, and no part of a copy is left.
    Raises ModelError.
    """
    try:
        if _is_same_disk(source, target.parent):
            source.rename(target)
            return
        _copied(source, target, check)
    except OSError as error:
        raise ModelError(
            f"{source} was not moved to {target}: {error.strerror}. It is still where it was."
        ) from error


def _is_same_disk(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev


def _copied(source: Path, target: Path, check: Check) -> None:
    part = target.with_name(target.name + PART)
    try:
        for file in [source] if source.is_file() else _files(source):
            there = part if file == source else part / file.relative_to(source)
            there.parent.mkdir(parents=True, exist_ok=True)
            _copy_of(file, there, check)
        part.rename(target)
    finally:
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)
    if source.is_dir():
        shutil.rmtree(source)
    else:
        source.unlink()


def _copy_of(file: Path, there: Path, check: Check) -> None:
    """Copy a file, force it to the disk, and read it back to compare."""
    digest = hashlib.sha256()
    with file.open("rb") as source, there.open("wb") as copy:
        while block := source.read(_BLOCK):
            check()
            digest.update(block)
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    shutil.copystat(file, there)
    if sha256_of(there, check) != digest.hexdigest():
        raise OSError(0, "what was written is not what was read", str(there))


def _files(folder: Path) -> Sequence[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def _sides(entry: ModelFile) -> tuple[Path, ...]:
    found = find_of(entry.path)
    return () if found is None else found.sides


def _stated(entry: ModelFile, expected: str | None) -> tuple[str, str]:
    if expected:
        return expected.lower(), "what was pulled"
    if entry.about.stated_sha256:
        return entry.about.stated_sha256, "the page it is from"
    return (entry.sha256, "an earlier reading") if entry.sha256 else ("", "")


def _check_ours(entry: ModelFile, force: bool, done: str) -> None:
    linked = next(
        (file for file in (entry.path, *weights_of(entry.path)) if file.is_symlink()), None
    )
    if linked is not None:
        raise ModelError(
            f"{linked} is a link into another place, as in the hub's cache, and was not {done}: "
            "what it leads to would stay there. Use the program that made it."
        )
    if not force and entry.origin not in ("Mahlstick", "folder"):
        raise ModelError(
            f"{entry.name} lies in {entry.path.parent}, which is {_whose(entry)}, and was not "
            f"{done}. That program would miss it: say so if you want it all the same."
        )


def _whose(entry: ModelFile) -> str:
    if entry.origin in ("Mahlstick", "folder"):
        return "not Mahlstick's own models folder"
    return f"kept by {entry.origin}"


def _check_free(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise ModelError(f"There is a {target.name} in {target.parent} already; nothing was moved.")
