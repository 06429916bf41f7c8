"""A document's own pixels and the wire's sRGB, converted by Krita's colour engine, both ways.

A document that already is 8 bit sRGB is read and written as it is. Everything else goes through a
document of its own that nobody sees: `setColorSpace` is the only conversion Krita offers a plugin.
"""

from __future__ import annotations

from .libkis import App, Document
from .protocol import Rect

SRGB = ("RGBA", "U8", "sRGB-elle-V2-srgbtrc.icc")
ACCEPTED = ("RGBA", "GRAYA")


class Colours:
    """Pixels of one document, as BGRA8 in sRGB."""

    def __init__(self, app: App, document: Document) -> None:
        self._app = app
        self._document = document
        self._space = (document.colorModel(), document.colorDepth(), document.colorProfile())

    @property
    def refusal(self) -> str:
        """Why this document cannot be painted on, as a sentence; empty when it can."""
        model = self._space[0]
        if model in ACCEPTED:
            return ""
        return (
            f"This document's colour model is {model}; accepted are RGB and grayscale of any depth."
            " Convert it with Image > Convert Image Color Space, then try again."
        )

    @property
    def native(self) -> bool:
        """Whether the document's own bytes are what the wire speaks, but for the order."""
        model, depth, profile = self._space
        return (model, depth) == SRGB[:2] and profile.lower().startswith("srgb")

    def read(self, rect: Rect) -> bytes:
        """Return the merged picture in a rectangle of the canvas."""
        place = (rect.left, rect.top, rect.width, rect.height)
        own = bytes(self._document.pixelData(*place))
        return own if self.native else self._converted(own, rect, self._space, SRGB)

    def own(self, bgra: bytes, rect: Rect) -> bytes:
        """Return these pixels as the document's layers hold them; `rect` tells their size."""
        return bgra if self.native else self._converted(bgra, rect, SRGB, self._space)

    def _converted(
        self, pixels: bytes, rect: Rect, old: tuple[str, str, str], new: tuple[str, str, str]
    ) -> bytes:
        size = (rect.width, rect.height)
        unseen = self._app.createDocument(*size, "conversion", *old, 72.0)
        try:
            unseen.rootNode().childNodes()[0].setPixelData(pixels, 0, 0, *size)
            unseen.setColorSpace(*new)
            unseen.waitForDone()
            return bytes(unseen.rootNode().childNodes()[0].pixelData(0, 0, *size))
        finally:
            unseen.close()
