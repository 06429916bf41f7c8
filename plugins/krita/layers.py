"""Where paint arrives: one new layer, or a group with a layer for every candidate.

The painter's own pixels are never written to: `setPixelData` makes no undo entry, so that could not
be taken back. What is added here is made at the click, written without entries while the paint
forms, and renamed at the end.
"""

from __future__ import annotations

from .canvas import Canvas, is_attached
from .deeds import Deed, Deeds
from .libkis import App, Document, Node
from .protocol import Extension, Rect, moved, union

PATIENCE = 400  # turns until Krita must have switched; a painter who was quicker chose another


class PaintLayer:
    """The one layer of a job: previews are written to it, and it becomes the result."""

    def __init__(
        self,
        app: App,
        canvas: Canvas,
        name: str,
        extension: Extension | None = None,
        above: Node | None = None,
        scaled_to: tuple[int, int] | None = None,
        offset: tuple[int, int] = (0, 0),
    ) -> None:
        """Add the layer, locked, on top or above another: one undo entry.

        With an extension the canvas grows first, which is another; what was there keeps its bytes.
        `scaled_to` enlarges the picture with all its layers instead. `offset` is added to where
        paint is said to lie.
        """
        self._canvas = canvas
        self._document = canvas.document
        self._active = self._document.activeNode()
        self._deeds = Deeds(app, self._document)
        self._app = app
        self._settled = False
        self._turns = 0
        self._under: bytes | None = None
        self._written: tuple[Rect, bytes] | None = None
        self._offset = offset
        if extension is not None:
            self._extend(extension)
        if scaled_to is not None:
            self._scale(*scaled_to)
        parent = above.parentNode() if above is not None else None
        self._node = self._added(name, parent or self._document.rootNode(), above)

    @property
    def node(self) -> Node:
        """Krita's own object."""
        return self._node

    @property
    def document(self) -> Document:
        """Where it is."""
        return self._document

    def placed(self, rect: Rect) -> Rect:
        """Return where on the document's canvas paint lies that is said to lie there."""
        return moved(rect, self._offset)

    @property
    def gone(self) -> bool:
        """Whether the painter undid or deleted it, or closed the document."""
        return not self._canvas.open or self._node.parentNode() is None

    @property
    def entries(self) -> int:
        """How many undo entries it took so far."""
        return len(self._deeds)

    def settle(self) -> None:
        """Give the painter's active layer back once Krita has switched to ours.

        Krita switches some turns of its event loop later: call this at every turn until `settled`.
        """
        if self._settled or self.gone:
            return
        self._turns += 1
        ours = self._document.activeNode() == self._node
        if not ours and self._turns < PATIENCE:
            return
        if ours and self._active is not None and is_attached(self._document, self._active):
            self._document.setActiveNode(self._active)
        self._settled = True
        self._deeds.note()

    @property
    def settled(self) -> bool:
        """Whether the painter's own layer is the active one again."""
        return self._settled

    def show(self, bgra: bytes, rect: Rect) -> None:
        """Write pixels (sRGB) to a rectangle of the canvas; no undo entry."""
        rect = self.placed(rect)
        own = self._canvas.own(bgra, rect)
        if self._written is not None and self._written[0] != rect:
            self._clear()
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

    def under(self, old: Node, rect: Rect) -> bytes | None:
        """Return another layer's own pixels there, and copy all of it to ours, the first time.

        The same is returned ever after: by then that layer is taken away, and must not be read.
        None when it was gone already.
        """
        if self._under is None and is_attached(self._document, old):
            whole = union(_bounds(old), self._canvas.size)
            place = (whole.left, whole.top, whole.width, whole.height)
            self._node.setPixelData(bytes(old.pixelData(*place)), *place)
            self._under = bytes(old.pixelData(rect.left, rect.top, rect.width, rect.height))
        return self._under

    def another(self, name: str) -> PaintLayer:
        """Return a second layer in the same place: the painter has worked on this one."""
        return PaintLayer(self._app, self._canvas, name)

    def finish(self, name: str) -> None:
        """Make the layer an ordinary one of this name; no undo entry."""
        self._node.setName(name)
        self._node.setLocked(False)

    def replace(self, old: Node) -> None:
        """Take another layer away, whose place this one has; one more undo entry."""
        parent = old.parentNode()
        if parent is None or not is_attached(self._document, old):
            return
        nodes = parent.childNodes()
        place = nodes.index(old) if old in nodes else 0
        below = nodes[place - 1] if place else None
        old.remove()
        self._document.waitForDone()
        if self._active == old:
            self._document.setActiveNode(self._node)
        self._deeds.add(
            Deed(
                lambda: old.parentNode() is not None,
                lambda: _ignore(parent.addChildNode(old, below)),
            )
        )
        self._deeds.note()

    def withdraw(self) -> None:
        """Take the layer away and leave the document, its undo stack included, as it was."""
        if not self.gone:
            self._clear()
            self._document.refreshProjection()
        self.take_back()

    def take_back(self) -> None:
        """Do the same with a finished layer: a redo brings it back as it is."""
        if not self._canvas.open:
            return
        if not self.gone:
            self._node.setLocked(False)
        self._deeds.take_back()

    def _added(self, name: str, parent: Node, above: Node | None = None) -> Node:
        node = self._document.createNode(name, "paintlayer")
        node.setLocked(True)  # before it is added: Krita knows it only some turns later
        parent.addChildNode(node, above)
        self._deeds.add(
            Deed(lambda: node.parentNode() is None, lambda: _ignore(node.remove())),
        )
        return node

    def _clear(self) -> None:
        # Before it goes, too: so that a redo brings no half-formed paint back.
        if self._written is not None:
            rect, own = self._written
            place = (rect.left, rect.top, rect.width, rect.height)
            self._node.setPixelData(bytes(len(own)), *place)

    def _extend(self, extension: Extension) -> None:
        document, before = self._document, self._canvas.size
        width = before.width + extension.left + extension.right
        height = before.height + extension.top + extension.bottom
        document.resizeImage(-extension.left, -extension.top, width, height)
        document.waitForDone()
        old = moved(before, (extension.left, extension.top))
        self._deeds.add(
            Deed(
                lambda: (document.width(), document.height()) == (old.width, old.height),
                lambda: document.resizeImage(old.left, old.top, old.width, old.height),
            )
        )

    def _scale(self, width: int, height: int) -> None:
        document, before = self._document, self._canvas.size
        resolution = round(document.resolution())
        document.scaleImage(width, height, resolution, resolution, "Bicubic")
        document.waitForDone()
        self._deeds.add(
            Deed(
                lambda: (document.width(), document.height()) == (before.width, before.height),
                # Scaling back would blur what the painter did meanwhile: the size stays.
                lambda: None,
            )
        )


class CandidateGroup(PaintLayer):
    """A group with a layer for every candidate: one undo entry for each, and one for the group."""

    def __init__(self, app: App, canvas: Canvas, name: str) -> None:
        self._layers: dict[int, Node] = {}
        self._group = canvas.document.createNode(name, "grouplayer")
        super().__init__(app, canvas, name)

    @property
    def gone(self) -> bool:
        """Whether the painter undid or deleted it, or closed the document."""
        return super().gone or self._group.parentNode() is None

    def make_room(self) -> bool:
        """Tell whether a candidate can be kept now; a layer for it is added where it needs one.

        Krita knows a new layer some turns later: what is done to it before gets lost.
        """
        if self._node in self._layers.values():
            self._node = self._added(self._group.name(), self._group)
            self._written, self._settled, self._turns = None, False, 0
        return self._settled

    def keep(self, candidate: int, bgra: bytes, rect: Rect, name: str) -> None:
        """Put a candidate's result on the layer that there is room on; it is hidden at first."""
        self._layers[candidate] = self._node
        self.show(bgra, rect)
        self.finish(name)
        self._node.setVisible(False)

    def has(self, candidate: int) -> bool:
        """Tell whether this candidate has its layer."""
        return candidate in self._layers

    def reveal(self, candidate: int, name: str) -> None:
        """Show one candidate's layer and hide the others; no undo entry."""
        for index, node in self._layers.items():
            node.setVisible(index == candidate)
        self._group.setName(name)
        self._document.refreshProjection()

    def _added(self, name: str, parent: Node, above: Node | None = None) -> Node:
        group = self._group
        if parent is not group:
            parent.addChildNode(group, None)
            self._deeds.add(
                Deed(lambda: group.parentNode() is None, lambda: _ignore(group.remove()))
            )
        return super()._added(name, self._group, above)


def _bounds(node: Node) -> Rect:
    box = node.bounds()
    return Rect(box.x(), box.y(), box.width(), box.height())


def _ignore(_told: object) -> None:
    """Take what Krita answers; the deed's own question tells whether it was done."""
