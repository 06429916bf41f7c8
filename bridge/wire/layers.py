"""Pictures that were sent before, by their hash: an unchanged layer crosses the wire once."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from .messages import Picture, Submit

SMALLEST_BYTES = 64 * 1024  # hashing less than that saves nothing


class SentLayers:
    """The large pictures that the bridge holds, as far as this connection knows."""

    def __init__(self) -> None:
        self._hashes: set[str] = set()

    def slim(self, request: Submit) -> Submit:
        """Return the request without the pixels that were sent before, and remember the others."""
        return replace(
            request,
            image=self._slim(request.image),
            mask=self._slim(request.mask),
            second_image=self._slim(request.second_image),
        )

    def forget(self) -> None:
        """Send everything whole again: the bridge keeps only so much."""
        self._hashes.clear()

    def _slim(self, picture: Picture | None) -> Picture | None:
        if picture is None or len(picture.data) < SMALLEST_BYTES:
            return picture
        name = picture.sha256 or hashlib.sha256(picture.data).hexdigest()
        if name in self._hashes:
            return replace(picture, data=b"", sha256=name)
        self._hashes.add(name)
        return replace(picture, sha256=name)
