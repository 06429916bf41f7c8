"""Links that fetch a result without the token: signed, and good for a while.

The key is made when the bridge starts and is in its memory only, out of reach of the worker and of
what hooks do there. So links end with the bridge, and their files are removed at the next start.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from starlette.responses import FileResponse

from bridge.blobs import Blobs
from bridge.transports.openai.failures import INVALID, ApiError

MEDIA = {"png": "image/png", "webp": "image/webp", "jpeg": "image/jpeg"}
_HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cache-control": "private, no-store",
}


class Links:
    """Files that can be fetched by whom they were told to."""

    def __init__(
        self, blobs: Blobs, prefix: str, ttl_s: float, clock: Callable[[], float] = time.time
    ) -> None:
        """`prefix`: the path under which the bridge answers for them, ending in a slash."""
        self._blobs = blobs
        self._prefix = prefix
        self._ttl_s = ttl_s
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._ends: dict[str, int] = {}  # by blob, seconds since the epoch

    async def put(self, content: bytes, kind: str) -> str:
        """Return path and query of a link to a file, which is on disk by then; raises OSError."""
        blob = await asyncio.to_thread(self._blobs.put, content)
        end = self._ends[blob] = int(self._clock() + self._ttl_s)
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
                "The link is not signed by this bridge since it started. Use it exactly as it was"
                " given, or ask for the picture again.",
            )
        blob, _, kind = name.partition(".")
        if end <= self._clock() or blob not in self._ends:
            raise ApiError(
                410,
                INVALID,
                "expired_link",
                f"The link is past its time, which is {self._ttl_s / 60:.0f} minutes. Ask for the"
                " picture again, with its seed to get the same.",
            )
        path = self._blobs.folder / blob
        return FileResponse(path, media_type=MEDIA[kind], filename=name, headers=_HEADERS)

    def sweep(self) -> None:
        """Remove the files of links that are past their time."""
        now = self._clock()
        for blob in [blob for blob, end in self._ends.items() if end <= now]:
            del self._ends[blob]
            self._blobs.drop(blob)

    def _signature(self, name: str, end: int) -> str:
        return hmac.new(self._key, f"{name}:{end}".encode(), hashlib.sha256).hexdigest()


def emptied(folder: Path) -> Blobs:
    """Return a folder's blobs, without those that an earlier bridge left."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    blobs = Blobs(folder)
    for path in folder.iterdir():
        path.unlink(missing_ok=True)
    return blobs
