"""One document: what of it is sent, and the layer on which the paint arrives.

The painter's own pixels are never written to: `setPixelData` makes no undo entry, so that could not
be taken back. Instead one layer is added at the click (the only undo entry), written without
entries while the paint forms, and renamed at the end.
"""

from __future__ import annotations

from dataclasses import dataclass

from .colours import Colours
from .libkis import App, Document, Node
from .protocol import Rect, grown, intersection, is_empty

WHOLE_SIDE = 2048  # pictures up to this size are sent whole: the bridge chooses the context itself
MARGIN = 256  # canvas pixels sent around a selection of a larger picture, at least


class CanvasError(Exception):
    """Why nothing can be painted here, as a sentence for the painter."""


@dataclass(frozen=True)
class Scene:
    """What is sent of a document: BGRA of `region` (canvas space) and the selection there."""

    region: Rect
    pixels: bytes
    mask: bytes | None


class Canvas:
    """A document to paint on."""

    def __init__(self, app: App, document: Document) -> None:
        self._app = app
        self._document = document
        self._colours = Colours(app, document)
        if self._colours.refusal:
            raise CanvasError(self._colours.refusal)

    @property
    def document(self) -> Document:
        """Krita's own object."""
        return self._document

    @property
    def open(self) -> bool:
        """Whether the document still exists; one that was closed must not be touched."""
        return self._document in self._app.documents()

    @property
    def size(self) -> Rect:
        """The whole canvas."""
        return Rect(0, 0, self._document.width(), self._document.height())

    @property
    def selected(self) -> Rect | None:
        """The part of the canvas that the selection's box covers; None without a selection."""
        return selected_box(self._document)

    def scene(self) -> Scene:
        """Read picture and selection; of a large picture only the selection's surroundings."""
        box, canvas = self.selected, self.size
        region = canvas
        if box is not None and max(canvas.width, canvas.height) > WHOLE_SIDE:
            margin = max(MARGIN, (box.width + box.height) // 2)
            region = intersection(grown(box, margin), canvas)
        place = (region.left, region.top, region.width, region.height)
        selection = self._document.selection() if box is not None else None
        mask = bytes(selection.pixelData(*place)) if selection is not None else None
        return Scene(region, self._colours.read(region), mask)

    def add_layer(self, name: str) -> PaintLayer:
        """Add the layer that paint will arrive on, locked, on top; one undo entry."""
        active = self._document.activeNode()
        node = self._document.createNode(name, "paintlayer")
        self._document.rootNode().addChildNode(node, None)
        node.setLocked(True)
        return PaintLayer(self._app, self, node, active)

    def own(self, bgra: bytes, rect: Rect) -> bytes:
        """Return sRGB pixels as the document's layers hold them."""
        return self._colours.own(bgra, rect)


def selected_box(document: Document) -> Rect | None:
    """Return the selection's box within the canvas; None when nothing is selected."""
    selection = document.selection()
    if selection is None:
        return None
    rect = Rect(selection.x(), selection.y(), selection.width(), selection.height())
    box = intersection(rect, Rect(0, 0, document.width(), document.height()))
    return None if is_empty(box) else box


class PaintLayer:
    """The one layer of a job: previews are written to it, and it becomes the result."""

    def __init__(self, app: App, canvas: Canvas, node: Node, active: Node | None) -> None:
        self._app = app
        self._canvas = canvas
        self._document = canvas.document
        self._node = node
        self._active = active
        self._undo_text: str | None = None
        self._written: tuple[Rect, bytes] | None = None

    @property
    def gone(self) -> bool:
        """Whether the painter undid or deleted it, or closed the document."""
        return not self._canvas.open or self._node.parentNode() is None

    def settle(self) -> None:
        """Give the painter's active layer back once Krita has switched to ours.

        Krita switches some turns of its event loop later: call this at every turn until `settled`.
        """
        if self.settled or self.gone or self._document.activeNode() != self._node:
            return
        if self._active is not None:
            self._document.setActiveNode(self._active)
        self._undo_text = self._app.action("edit_undo").text()

    @property
    def settled(self) -> bool:
        """Whether the painter's own layer is the active one again."""
        return self._undo_text is not None

    def show(self, bgra: bytes, rect: Rect) -> None:
        """Write pixels (sRGB) to a rectangle of the canvas; no undo entry."""
        own = self._canvas.own(bgra, rect)
        self._node.setPixelData(own, rect.left, rect.top, rect.width, rect.height)
        self._written = (rect, own)
        self._document.refreshProjection()

    @property
    def painted_over(self) -> bool:
        """Whether the painter has worked on the layer since we wrote to it last."""
        if self._written is None:
            return False
        rect, own = self._written
        now = self._node.pixelData(rect.left, rect.top, rect.width, rect.height)
        return bytes(now) != own

    def finish(self, name: str) -> None:
        """Make the layer an ordinary one of this name; no undo entry."""
        self._node.setName(name)
        self._node.setLocked(False)

    def withdraw(self) -> None:
        """Take the layer away and leave the document, its undo stack included, as it was.

        While our entry is the newest it is undone; once the painter did more, the layer is removed,
        which is an undo entry more.
        """
        if self.gone:
            return
        if self._written is not None:
            rect, own = self._written
            self.show_nothing(rect, len(own))
        self._node.setLocked(False)
        if not self._undone():
            self._node.remove()
        self._document.waitForDone()

    def show_nothing(self, rect: Rect, size: int) -> None:
        """Make a rectangle transparent, so that a redo brings no half-formed paint back."""
        self._node.setPixelData(bytes(size), rect.left, rect.top, rect.width, rect.height)
        self._document.refreshProjection()

    def _undone(self) -> bool:
        undo = self._app.action("edit_undo")
        ours = self._undo_text in (None, undo.text())  # None: the end came before we could read it
        if not ours or self._app.activeDocument() != self._document:
            return False
        undo.trigger()
        self._document.waitForDone()
        if self._node.parentNode() is None:
            return True
        self._app.action("edit_redo").trigger()  # it was an entry of the painter's of the same name
        self._document.waitForDone()
        return False
