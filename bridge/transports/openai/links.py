"""Links that fetch a result without the token: signed, and good for a while.

Key and files are in the state folder, so that a link outlives the bridge that gave it: a page that
was told of a picture still shows it after an update. The key is for links alone; no worker, hook
or client is ever given it. A file's time of change is set to when its link ends.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from starlette.responses import FileResponse

from bridge.blobs import Blobs
from bridge.state import write_private
from bridge.transports.openai.failures import INVALID, ApiError

MEDIA = {"png": "image/png", "webp": "image/webp", "jpeg": "image/jpeg"}
KEY = "links.key"
_KEY_BYTES = 32
_HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cache-control": "private, no-store",
}


class Links:
    """Files that can be fetched by whom they were told to."""

    def __init__(
        self,
        blobs: Blobs,
        key: bytes,
        prefix: str,
        ttl_s: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`prefix`: the path under which the bridge answers for them, ending in a slash."""
        self._blobs = blobs
        self._prefix = prefix
        self._ttl_s = ttl_s
        self._clock = clock
        self._key = key
        self._ends = _ends(blobs)  # by blob, seconds since the epoch
        self.sweep()

    async def put(self, content: bytes, kind: str) -> str:
        """Return path and query of a link to a file, which is on disk by then; raises OSError."""
        end = int(self._clock() + self._ttl_s)
        blob = await asyncio.to_thread(self._kept, content, end)
        self._ends[blob] = end
        name = f"{blob}.{kind}"
        return f"{self._prefix}{name}?expires={end}&signature={self._signature(name, end)}"

    def response(self, name: str, expires: str, signature: str) -> FileResponse:
        """Return the file a link names; raises ApiError for a link of nobody's or of the past."""
        end = int(expires) if expires.isascii() and expires.isdigit() else 0
        if not hmac.compare_digest(self._signature(name, end).encode(), signature.encode()):
            raise ApiError(
                403,
                INVALID,
                "invalid_link",
                "The link is not signed by this bridge. Use it exactly as it was given, or ask for"
                " the picture again.",
            )
        blob, _, kind = name.partition(".")
        path = self._blobs.folder / blob
        if end <= self._clock() or blob not in self._ends or not path.is_file():
            raise ApiError(
                410,
                INVALID,
                "expired_link",
                f"The link is past its time, which is {self._ttl_s / 60:.0f} minutes. Ask for the"
                " picture again, with its seed to get the same.",
            )
        return FileResponse(path, media_type=MEDIA[kind], filename=name, headers=_HEADERS)

    def sweep(self) -> None:
        """Remove the files of links that are past their time."""
        now = self._clock()
        for blob in [blob for blob, end in self._ends.items() if end <= now]:
            del self._ends[blob]
            self._blobs.drop(blob)

    def _kept(self, content: bytes, end: int) -> str:
        blob = self._blobs.put(content)
        os.utime(self._blobs.folder / blob, (end, end))
        return blob

    def _signature(self, name: str, end: int) -> str:
        return hmac.new(self._key, f"{name}:{end}".encode(), hashlib.sha256).hexdigest()


def key_in(folder: Path) -> bytes:
    """Return the key that signs links, 0600, made once; raises StateFolderError."""
    path = folder / KEY
    try:
        kept = path.read_bytes()
    except OSError:
        kept = b""
    if len(kept) != _KEY_BYTES:
        kept = secrets.token_bytes(_KEY_BYTES)
        write_private(path, kept)
    return kept


def folder_of(path: Path) -> Blobs:
    """Return the blobs of a folder that is made when it is missing."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Blobs(path)


def _ends(blobs: Blobs) -> dict[str, int]:
    """Return when the links of kept files end."""
    return {path.name: int(path.stat().st_mtime) for path in blobs.folder.iterdir()}


def emptied(folder: Path) -> Blobs:
    """Return a folder's blobs, without those that an earlier bridge left."""
    blobs = folder_of(folder)
    for path in folder.iterdir():
        path.unlink(missing_ok=True)
    return blobs
