"""What enlarges a picture before it is refined, one a module, registered by hook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from engine.api import Pixels, Size


class Upscaler(Protocol):
    """Enlarges a picture; one that takes long has a third argument, `check`, to be called often."""

    def __call__(self, picture: Pixels, size: Size) -> Pixels:
        """Return RGBA uint8 of exactly this size for RGBA uint8 (h, w, 4), straight alpha."""
        ...
