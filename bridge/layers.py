"""Pictures that a session sent before, by their hash: an unchanged layer crosses the wire once."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import replace

from bridge.errors import JobRefusedError
from bridge.wire.errors import BAD_REQUEST, UNKNOWN_PICTURE
from bridge.wire.messages import Picture, Submit

_BIG = 256 * 1024  # bytes; hashing more than that would hold up the event loop


class Layers:
    """The pictures most recently sent, up to a number of bytes, each known to its session only."""

    def __init__(self, max_bytes: int = 256 * 2**20) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    async def resolved(self, session: str, submit: Submit) -> Submit:
        """Return the submit with all pixels in it; JobRefusedError when a picture is not known."""
        image = await self._picture(session, submit.image, "image")
        mask = await self._picture(session, submit.mask, "mask")
        second = await self._picture(session, submit.second_image, "second_image")
        return replace(submit, image=image, mask=mask, second_image=second)

    async def _picture(self, session: str, picture: Picture | None, field: str) -> Picture | None:
        if picture is None or not picture.sha256:
            return picture
        if not picture.data:
            return replace(picture, data=self._known(session, picture.sha256, field))
        sha256, data = await _hashed(picture.data)
        if sha256 != picture.sha256.lower():
            raise JobRefusedError(
                BAD_REQUEST,
                f"The {field}'s sha256 is not that of its data. Send the hash of exactly the bytes"
                " in data, in hexadecimal digits, or none.",
                param=f"{field}.sha256",
            )
        self._keep((session, sha256), data)
        return replace(picture, data=data)

    def _known(self, session: str, sha256: str, field: str) -> bytes:
        key = (session, sha256.lower())
        if key not in self._kept:
            raise JobRefusedError(
                UNKNOWN_PICTURE,
                f"The {field} was named by its hash only, but is not kept any more. Send the job"
                " again with its pixels.",
                param=field,
            )
        self._kept.move_to_end(key)
        return self._kept[key]

    def _keep(self, key: tuple[str, str], data: bytes) -> None:
        if len(data) > self._max_bytes:
            return
        self._bytes += len(data) - len(self._kept.pop(key, b""))
        self._kept[key] = data
        while self._bytes > self._max_bytes:
            self._bytes -= len(self._kept.popitem(last=False)[1])


async def _hashed(data: bytes | memoryview) -> tuple[str, bytes]:
    """Return hash and bytes; a view's are copied, as it keeps the whole frame it came with."""
    if len(data) < _BIG:
        return _hash_and_bytes(data)
    return await asyncio.to_thread(_hash_and_bytes, data)


def _hash_and_bytes(data: bytes | memoryview) -> tuple[str, bytes]:
    return hashlib.sha256(data).hexdigest(), bytes(data)
