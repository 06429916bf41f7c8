"""A document's own pixels and the wire's sRGB, converted by Krita's colour engine, both ways.

What already is 8 bit sRGB is read and written as it is. Everything else goes through a document of
its own that nobody sees: `setColorSpace` is the only conversion Krita offers a plugin.
"""

from __future__ import annotations

from .language import tr
from .libkis import App, Document, Node
from .protocol import Rect

SRGB = ("RGBA", "U8", "sRGB-elle-V2-srgbtrc.icc")
ACCEPTED = ("RGBA", "GRAYA")
Space = tuple[str, str, str]


class Colours:
    """Pixels of one document, or of one of its layers, as BGRA8 in sRGB."""

    def __init__(self, app: App, document: Document, node: Node | None = None) -> None:
        """With a node it is that layer's (or group's) pixels that are read."""
        self._app = app
        self._document = document
        self._node = node
        source = document if node is None else node
        self._read_space = (source.colorModel(), source.colorDepth(), source.colorProfile())
        self._own_space = (document.colorModel(), document.colorDepth(), document.colorProfile())

    @property
    def refusal(self) -> str:
        """Why this cannot be painted on, as a sentence; empty when it can."""
        if self._own_space[0] not in ACCEPTED:
            return tr(
                "This document's colour model is {model}; accepted are RGB and grayscale of any"
                " depth. Convert it with Image > Convert Image Color Space, then try again.",
                model=self._own_space[0],
            )
        if self._read_space[0] not in ACCEPTED:
            return tr(
                "This layer's colour model is {model}; accepted are RGB and grayscale of any depth."
                " Convert it with Layer > Convert > Convert Layer Color Space, then try again.",
                model=self._read_space[0],
            )
        return ""

    @property
    def native(self) -> bool:
        """Whether the document's own bytes are what the wire speaks, but for the order."""
        return _is_srgb(self._own_space)

    @property
    def space(self) -> Space:
        """The document's colour model, depth and profile."""
        return self._own_space

    def read(self, rect: Rect) -> bytes:
        """Return the merged picture, or the layer, in a rectangle of the canvas."""
        place = (rect.left, rect.top, rect.width, rect.height)
        if self._node is None:
            own = bytes(self._document.pixelData(*place))
        else:
            own = bytes(self._node.projectionPixelData(*place))
        return self._converted(own, rect, self._read_space, SRGB)

    def own(self, bgra: bytes, rect: Rect) -> bytes:
        """Return these pixels as the document's layers hold them; `rect` tells their size."""
        return self._converted(bgra, rect, SRGB, self._own_space)

    def _converted(self, pixels: bytes, rect: Rect, old: Space, new: Space) -> bytes:
        if _is_srgb(old) and _is_srgb(new):
            return pixels
        size = (rect.width, rect.height)
        unseen = self._app.createDocument(*size, "conversion", *old, 72.0)
        try:
            unseen.rootNode().childNodes()[0].setPixelData(pixels, 0, 0, *size)
            unseen.setColorSpace(*new)
            unseen.waitForDone()
            return bytes(unseen.rootNode().childNodes()[0].pixelData(0, 0, *size))
        finally:
            unseen.close()


def _is_srgb(space: Space) -> bool:
    model, depth, profile = space
    return (model, depth) == SRGB[:2] and profile.lower().startswith("srgb")
