"""One document: what of it is sent, and how its pixels are converted."""

from __future__ import annotations

from .colours import Colours
from .libkis import App, Document, Node
from .protocol import Rect, grown, intersection, is_empty
from .reading import Reading

MARGIN = 256  # canvas pixels sent around a selection, at least


class CanvasError(Exception):
    """Why nothing can be painted here, as a sentence for the painter."""


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
    def native(self) -> bool:
        """Whether its layers hold what the wire carries, 8 bit sRGB: nothing is converted."""
        return self._colours.native

    @property
    def space(self) -> tuple[str, str, str]:
        """The document's colour model, depth and profile."""
        return self._colours.space

    @property
    def selected(self) -> Rect | None:
        """The part of the canvas that the selection's box covers; None without a selection."""
        return selected_box(self._document)

    def surroundings(self, box: Rect, context: int | None = None) -> Rect:
        """Return what is sent for a selection with this box: all that a model may want to see.

        At full strength it looks around by half the box's mean side and a sixteenth of the canvas;
        `context` is how many pixels the painter wants it to see.
        """
        longest = max(self.size.width, self.size.height)
        margin = max(MARGIN, (box.width + box.height) // 2 + longest // 16, context or 0)
        return intersection(grown(box, margin), self.size)

    def reading(self, region: Rect, *, selection: bool, node: Node | None = None) -> Reading:
        """Return what reads the merged picture, or one layer, and the selection in a region."""
        colours = self._colours if node is None else Colours(self._app, self._document, node)
        if colours.refusal:
            raise CanvasError(colours.refusal)
        return Reading(region, colours, self._document.selection() if selection else None)

    def own(self, bgra: bytes, rect: Rect) -> bytes:
        """Return sRGB pixels as the document's layers hold them."""
        return self._colours.own(bgra, rect)


def in_front(app: App) -> Document | None:
    """Return the picture that the painter works on; None without one.

    Krita names one that was closed for some turns more: it must not be touched.
    """
    document = app.activeDocument()
    return document if document is not None and document in app.documents() else None


def is_attached(document: Document, node: Node | None) -> bool:
    """Tell whether a layer is in the picture.

    For some turns after an undo Krita names an active layer that is there no more, perhaps inside a
    group that was taken out: reading its pixels ends in memory that is not its own.
    """
    root = document.rootNode()
    while node is not None and node != root:
        node = node.parentNode()
    return node is not None


def selected_box(document: Document) -> Rect | None:
    """Return the selection's box within the canvas; None when nothing is selected."""
    selection = document.selection()
    if selection is None:
        return None
    rect = Rect(selection.x(), selection.y(), selection.width(), selection.height())
    box = intersection(rect, Rect(0, 0, document.width(), document.height()))
    return None if is_empty(box) else box
