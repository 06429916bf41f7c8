"""One file over the network onto the disk, going on where an earlier attempt ended.

What it writes is a part, which nothing loads. It keeps trying while something arrives; what stands
in the way for good is a DownloadError, and what has arrived stays for the next time.
"""

from __future__ import annotations

import errno
import http.client
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal, Protocol
from urllib.parse import urlsplit

from engine.downloads.addresses import Reach
from engine.downloads.hub import offline
from engine.downloads.requests import Answer, answered
from engine.errors import DownloadError

ATTEMPTS = 6  # in a row without a byte
TIMEOUT_S = 60.0  # of silence
MOST_WAIT_S = 60.0
_CHUNK = 2**20
_FULL = (errno.ENOSPC, errno.EDQUOT)
_LATER = (408, 429, 500, 502, 503, 504)
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")


class Opened(Protocol):
    """Opens a part for writing."""

    def __call__(self, path: Path, mode: Literal["ab", "wb"], /) -> BinaryIO:
        """Return the file, appended to or empty."""
        ...


def _opened(path: Path, mode: Literal["ab", "wb"]) -> BinaryIO:
    return open(path, mode)


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


@dataclass(frozen=True, slots=True)
class Means:
    """How parts are written, free space is measured and pauses are made; tests have others."""

    opened: Opened = _opened
    free_bytes: Callable[[Path], int] = _free_bytes
    rest: Callable[[float], None] = time.sleep  # for so many seconds, before the next attempt


@dataclass(frozen=True, slots=True)
class Transfer:
    """What to fetch and where to. `denied` is raised where the other side wants to know us."""

    address: str
    shown: str
    part: Path
    size: int
    reach: Reach
    denied: Callable[[], DownloadError]
    token: str | None = field(default=None, repr=False)
    validator: str = ""  # an ETag: goes on only with the very bytes that were begun
    means: Means = field(default_factory=Means)

    def arrived(self) -> int:
        """Return how many bytes are there."""
        with suppress(OSError):
            return self.part.stat().st_size
        return 0


class _Later(Exception):
    """The other side asks to come back; `wait_s` after so long, where it says."""

    def __init__(self, status: int, wait_s: float) -> None:
        super().__init__(f"HTTP status {status}")
        self.wait_s = wait_s


def transferred(transfer: Transfer) -> Iterator[int]:
    """Yield how many bytes have arrived, until all have; raises DownloadError."""
    attempt = 0
    while (arrived := transfer.arrived()) != transfer.size or not transfer.part.exists():
        try:
            for done in _once(transfer, arrived):
                attempt = 0
                yield done
        except (OSError, http.client.HTTPException, _Later) as error:
            attempt += 1
            if attempt >= ATTEMPTS:
                raise offline(urlsplit(transfer.address).hostname or "", error) from error
            asked = error.wait_s if isinstance(error, _Later) else 0.0
            transfer.means.rest(min(MOST_WAIT_S, max(asked, 2.0 ** (attempt - 1))))


def _once(transfer: Transfer, arrived: int) -> Iterator[int]:
    """Ask once and write down what comes; raises what `transferred` tries again after."""
    if arrived > transfer.size:
        arrived = 0
    headers = {}
    if transfer.token:
        headers["authorization"] = f"Bearer {transfer.token}"
    if arrived:
        headers["range"] = f"bytes={arrived}-"
    if arrived and transfer.validator:
        headers["if-range"] = transfer.validator
    with answered(transfer.address, headers, transfer.reach, TIMEOUT_S) as answer:
        begin = _begin(transfer, answer, arrived)
        yield from _written(transfer, answer, begin)


def _begin(transfer: Transfer, answer: Answer, arrived: int) -> int:
    """Return at which byte the body begins; raises where it is not what was asked for."""
    if answer.status == 206:
        match = _RANGE.match(answer.headers.get("content-range", ""))
        if match is not None and int(match[1]) == arrived and int(match[2]) == transfer.size:
            return arrived
        transfer.part.unlink(missing_ok=True)
        raise _Later(206, 0.0)  # another piece, or of another file: from the beginning, then
    if answer.status == 416:
        transfer.part.unlink(missing_ok=True)
        raise _Later(416, 0.0)
    if answer.status != 200:
        raise _refusal(transfer, answer)
    length = answer.length()
    if length is not None and length != transfer.size:
        raise _other_size(transfer, length)
    return 0


def _refusal(transfer: Transfer, answer: Answer) -> Exception:
    status = answer.status
    if status in (401, 403):
        return transfer.denied()
    if status in (404, 410):
        return DownloadError("unknown", f"{transfer.shown} is not there (HTTP status {status}).")
    if status in _LATER:
        said = answer.headers.get("retry-after", "")
        return _Later(status, float(said) if said.isdigit() else 0.0)
    sentence = f"{transfer.shown} is answered with HTTP status {status}, which is no file."
    return DownloadError("unreachable", sentence)


def _written(transfer: Transfer, answer: Answer, begin: int) -> Iterator[int]:
    done = begin
    with _part(transfer, "ab" if begin else "wb") as part:
        while chunk := answer.body.read1(_CHUNK):
            done += len(chunk)
            if done > transfer.size:
                raise _other_size(transfer, done)
            _write(transfer, part, chunk)
            yield done
        _settle(transfer, part)
    if done < transfer.size:
        raise http.client.IncompleteRead(b"", transfer.size - done)


def _part(transfer: Transfer, mode: Literal["ab", "wb"]) -> BinaryIO:
    try:
        transfer.part.parent.mkdir(parents=True, exist_ok=True)
        return transfer.means.opened(transfer.part, mode)
    except OSError as error:
        raise unwritable(transfer.part, error) from error


def _write(transfer: Transfer, part: BinaryIO, chunk: bytes) -> None:
    try:
        part.write(chunk)
    except OSError as error:
        raise unwritable(transfer.part, error) from error


def _settle(transfer: Transfer, part: BinaryIO) -> None:
    """See the bytes to the disk: what is renamed afterwards must not be empty after a power cut."""
    try:
        part.flush()
        os.fsync(part.fileno())
    except OSError as error:
        raise unwritable(transfer.part, error) from error


def unwritable(path: Path, error: OSError) -> DownloadError:
    """Return the error for a disk that does not take what is written to it."""
    if error.errno in _FULL:
        return DownloadError(
            "disk",
            f"The disk of {path.parent} is full. What has arrived is kept: free some space, or "
            "name another folder in the setting models_dir, and pull again to go on.",
        )
    return DownloadError(
        "disk",
        f"{path} cannot be written ({error.strerror or error}). See that you may write there, or "
        "name another folder in the setting models_dir.",
    )


def _other_size(transfer: Transfer, size: int) -> DownloadError:
    transfer.part.unlink(missing_ok=True)
    return DownloadError(
        "hash",
        f"{transfer.shown} should have {transfer.size} bytes and comes with {size}: it is not the "
        "file that was stated, and nothing of it is kept. Try again later, or tell its owner.",
    )
