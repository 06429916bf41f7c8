"""One document: what of it is sent, and the layer on which the paint arrives.

The painter's own pixels are never written to: `setPixelData` makes no undo entry, so that could not
be taken back. Instead one layer is added at the click (the only undo entry), written without
entries while the paint forms, and renamed at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .colours import Colours
from .libkis import App, Document, Node
from .protocol import Extension, Rect, grown, intersection, is_empty, moved

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

    def scene(self, *, whole: bool = False) -> Scene:
        """Read picture and selection; of a large picture only the selection's surroundings.

        `whole` reads everything, and no selection.
        """
        box, region = None if whole else self.selected, self.size
        if box is not None and max(region.width, region.height) > WHOLE_SIDE:
            margin = max(MARGIN, (box.width + box.height) // 2)
            region = intersection(grown(box, margin), region)
        place = (region.left, region.top, region.width, region.height)
        selection = self._document.selection() if box is not None else None
        mask = bytes(selection.pixelData(*place)) if selection is not None else None
        return Scene(region, self._colours.read(region), mask)

    def add_layer(self, name: str, extension: Extension | None = None) -> PaintLayer:
        """Add the layer that paint will arrive on, locked, on top; one undo entry.

        With an extension the canvas grows first, which is another; what was there keeps its bytes.
        """
        active, before = self._document.activeNode(), self.size
        if extension is not None:
            width = before.width + extension.left + extension.right
            height = before.height + extension.top + extension.bottom
            self._document.resizeImage(-extension.left, -extension.top, width, height)
            self._document.waitForDone()
        node = self._document.createNode(name, "paintlayer")
        self._document.rootNode().addChildNode(node, None)
        node.setLocked(True)
        layer = PaintLayer(self._app, self, node, active)
        if extension is not None:
            layer.shrinks_to = moved(before, (extension.left, extension.top))
        return layer

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
        self.shrinks_to: Rect | None = None  # the canvas before it grew for this, where it lies now

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

        While our entries are the newest they are undone; once the painter did more, the layer is
        removed and the canvas cut, which are more entries instead.
        """
        if not self.gone:
            self._hide()
        self.take_back()

    def take_back(self) -> None:
        """Do the same with a finished layer: a redo brings it back as it is."""
        if not self._canvas.open:
            return
        if not self.gone:
            self._node.setLocked(False)
            if not self._undoable or not self._undo(lambda: self._node.parentNode() is None):
                self._node.remove()
        if self.shrinks_to is not None:
            self._shrink(self.shrinks_to)
        self._document.waitForDone()

    def _hide(self) -> None:
        # So that a redo brings no half-formed paint back.
        if self._written is not None:
            rect, own = self._written
            place = (rect.left, rect.top, rect.width, rect.height)
            self._node.setPixelData(bytes(len(own)), *place)
            self._document.refreshProjection()

    def _shrink(self, old: Rect) -> None:
        def has_shrunk() -> bool:
            size = self._canvas.size
            return (size.width, size.height) == (old.width, old.height)

        if not has_shrunk() and not self._undo(has_shrunk):
            self._document.resizeImage(old.left, old.top, old.width, old.height)

    @property
    def _undoable(self) -> bool:
        # None: the end came before the text could be read.
        return self._undo_text in (None, self._app.action("edit_undo").text())

    def _undo(self, succeeded: Callable[[], bool]) -> bool:
        """Undo one entry and tell whether it was ours; the painter's own is done again."""
        if self._app.activeDocument() != self._document:
            return False
        self._app.action("edit_undo").trigger()
        self._document.waitForDone()
        if succeeded():
            return True
        self._app.action("edit_redo").trigger()
        self._document.waitForDone()
        return False
