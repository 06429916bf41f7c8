"""What a click leads to: what is read, which layer is made, what becomes of the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from .canvas import Canvas, CanvasError, is_attached
from .easel import Easel, Errand, Tools, forming_name
from .language import tr
from .layers import CandidateGroup, PaintLayer
from .libkis import App, Document, Node
from .protocol import Painted, Painting, Picture, Rect, Submit, moved, new_id
from .reading import Reading, Scene
from .sending import Sending
from .wishes import EXPAND, UPSCALE, Intent, Wish, extension_of, masks_of, submit_of

PLAIN = ("paintlayer",)


@dataclass(frozen=True)
class Commission:
    """An easel that waits for paint, and its job's way to the bridge."""

    easel: Easel
    sending: Sending


class Clerk:
    """Takes commissions for one document."""

    def __init__(self, app: App, document: Document, tools: Tools) -> None:
        self._app = app
        self._tools = tools
        self._canvas = Canvas(app, document)

    def take(self, wish: Wish, intent: Intent) -> Commission:
        """Return what paints this on the document; `CanvasError` when it cannot be done."""
        box, job = self._canvas.selected, new_id()
        by = extension_of(wish)
        # By the time it is read the canvas has grown, and the old picture lies further in.
        sending, region = self.way(
            wish, intent, job, (by.left, by.top) if intent is EXPAND else (0, 0)
        )
        errand = Errand(
            wish,
            intent.label,
            (region.left, region.top),
            sending.mask if intent.sent == "box" and intent is not UPSCALE else _nothing,
            self._replaced(wish, intent),
        )
        return self._commission(wish, intent, errand, sending, box is not None, job)

    def way(
        self, wish: Wish, intent: Intent, job: str, shift: tuple[int, int] = (0, 0)
    ) -> tuple[Sending, Rect]:
        """Return how the picture gets to the bridge, and which part of the canvas is sent.

        `shift` is by how much the picture will have moved when it is read.
        """
        box = self._canvas.selected
        if intent.needs_selection and box is None:
            raise CanvasError(
                tr(
                    "Select a part of the picture first: {action} needs it.",
                    action=tr(intent.label),
                )
            )
        region = self._region(wish, intent, box)
        reading = self._reading(wish, intent, box, shift)

        def compose(scene: Scene | None) -> Submit:
            seen = scene or Scene(region, b"", None)
            if intent.masked == "holes":
                size = (seen.region.width, seen.region.height)
                seen = replace(seen, mask=self._tools.holes(seen.pixels, *size))
            return submit_of(wish, intent, seen, self._tools.swapped, box, job)

        return Sending(reading, compose, self._tools.ask), region

    def take_picture(
        self, wish: Wish, intent: Intent, painted: Painted, origin: tuple[int, int]
    ) -> Commission:
        """Return what paints something of a candidate: `origin` is that of its own job."""
        rect = moved(painted.paste, origin)
        job, data = new_id(), painted.picture.data

        def compose(_scene: Scene | None) -> Submit:
            submit = submit_of(wish, intent, Scene(rect, b"", None), self._tools.swapped, rect, job)
            picture = Picture(rect.width, rect.height, "rgba8", data)
            return replace(submit, image=picture)

        def shape() -> bytes | None:
            return data[3::4] if intent.mode == "vary" else None

        errand = Errand(wish, intent.label, (rect.left, rect.top), shape)
        return self._commission(
            wish, intent, errand, Sending(None, compose, self._tools.ask), True, job
        )

    def _region(self, wish: Wish, intent: Intent, box: Rect | None) -> Rect:
        if box is None or intent.sent in ("whole", "nothing"):
            return self._canvas.size
        if intent.sent == "box":
            return box
        masks = masks_of(wish.edge, box)
        reach = (masks.grow or 0) + (masks.feather or 0) + (masks.context or 0) + masks.soft_edge
        return self._canvas.surroundings(box, reach)

    def _reading(
        self, wish: Wish, intent: Intent, box: Rect | None, shift: tuple[int, int]
    ) -> Reading | None:
        if intent.sent == "nothing":
            return None
        region = moved(self._region(wish, intent, box), shift)
        selection = box is not None and (intent.masked == "selection" or intent.sent == "box")
        return self._canvas.reading(region, selection=selection, node=self._source(wish))

    def _source(self, wish: Wish) -> Node | None:
        if wish.source == "merged":
            return None
        return self._active()

    def _active(self) -> Node:
        document = self._canvas.document
        node = document.activeNode()
        if node is None or not is_attached(document, node):
            raise CanvasError(
                tr("No layer is active. Choose one, or paint from the merged picture.")
            )
        return node

    def _replaced(self, wish: Wish, intent: Intent) -> Node | None:
        if wish.target != "replace":
            return None
        if intent in (EXPAND, UPSCALE) or intent.sent == "nothing":
            raise CanvasError(
                tr(
                    "{action} cannot replace a layer. Choose another place for the result.",
                    action=tr(intent.label),
                )
            )
        node = self._active()
        plain = (
            node.type() in PLAIN
            and node.opacity() == 255
            and node.blendingMode() == "normal"
            and not node.childNodes()
        )
        if not plain or not self._canvas.native:
            raise CanvasError(
                tr(
                    "Only an ordinary paint layer of an 8-bit sRGB picture can be replaced: 100 %"
                    " opaque, normal blending, no masks. Paint on a new layer instead."
                )
            )
        return node

    def _commission(
        self,
        wish: Wish,
        intent: Intent,
        errand: Errand,
        sending: Sending,
        selected: bool,
        job: str,
    ) -> Commission:
        layer = self._layer(wish, intent, errand, selected)
        easel = Easel(layer, Painting(job, candidates=wish.candidates), errand, self._tools)
        return Commission(easel, sending)

    def _layer(
        self, wish: Wish, intent: Intent, errand: Errand, selected: bool
    ) -> PaintLayer | Callable[[Painted], PaintLayer]:
        app, canvas, name = self._app, self._canvas, forming_name(wish.prompt)
        if intent.mode == "upscale" and not selected and wish.target != "document":
            return lambda painted: _enlarged(app, canvas, name, painted)
        if intent.mode == "upscale" or wish.target == "document":
            return lambda painted: _in_new_document(app, canvas, name, painted, errand.origin)
        if wish.target == "group" and intent is not EXPAND:
            return CandidateGroup(app, canvas, name)
        extension = extension_of(wish) if intent is EXPAND else None
        return PaintLayer(app, canvas, name, extension, errand.replaces)


def reader_of(
    app: App, document: Document, tools: Tools, wish: Wish, intent: Intent
) -> tuple[Sending, Rect]:
    """Return how a picture gets to the bridge without becoming a painting, and what is sent."""
    return Clerk(app, document, tools).way(wish, intent, new_id())


def _nothing() -> None:
    return None


def _enlarged(app: App, canvas: Canvas, name: str, painted: Painted) -> PaintLayer:
    if not canvas.open:
        return _in_new_document(app, canvas, name, painted, (0, 0))
    return PaintLayer(app, canvas, name, scaled_to=(painted.paste.width, painted.paste.height))


def _in_new_document(
    app: App, canvas: Canvas, name: str, painted: Painted, origin: tuple[int, int]
) -> PaintLayer:
    """Return a layer in a document of its own, shown in a window, as large as the result."""
    size = (painted.paste.width, painted.paste.height)
    document = app.createDocument(*size, name, *canvas.space, 300.0)
    app.activeWindow().addView(document)
    place = moved(painted.paste, origin)
    return PaintLayer(app, Canvas(app, document), name, offset=(-place.left, -place.top))
