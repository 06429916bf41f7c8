"""One painting, from the request to the layer. Main thread; the session's threads only wake it.

Streaming, the layer enters the image when the bridge tells where paint will land, and previews form
in it. Otherwise (a batch, or an image that is to be enlarged, which a cancel could not take back)
the image is touched once, at the end, so that nothing is ever half done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .canvas import Canvas, Place
from .chronicle import remember
from .growth import Growth
from .host import Foreign
from .language import tr
from .layers import PaintLayer, Sheet
from .protocol import (
    Change,
    Offline,
    Painted,
    Painting,
    Preview,
    Rect,
    Session,
    Started,
    Submit,
    Updated,
    moved,
)
from .recipes import promised, recipe
from .requests import Request

NAME_LENGTH = 40
Ending = Literal["finished", "cancelled", "failed"]
Show = Literal["stream", "result"]


@dataclass(frozen=True)
class Outcome:
    """How a job ended; `message` is a sentence, `layer` GIMP's layer when there is one."""

    ending: Ending
    message: str = ""
    layer: Foreign = None
    seed: int | None = None


class Job:
    """Paints `request` on `canvas`. `take` moves it; `outcome` is None until it is over.

    `chosen` is the candidate on the canvas: the first while it paints, then the best, until the
    painter chooses. `progressed` is called with the painting after every change.
    """

    def __init__(
        self,
        session: Session,
        canvas: Canvas,
        request: Request,
        show: Show,
        progressed: Callable[[Painting], None],
    ) -> None:
        self.outcome: Outcome | None = None
        self.chosen = 0
        self._painting: Painting | None = None
        self._session = session
        self._canvas = canvas
        self._place = _place(canvas, request)
        self._request = request
        self._show: Show = "result" if request.submit.mode == "upscale" else show
        self._progressed = progressed
        self._paint: PaintLayer | None = None
        self._id = request.submit.job
        session.submit(request.submit)

    @property
    def image(self) -> Foreign:
        """The image it paints in."""
        return self._canvas.image

    @property
    def painting(self) -> Painting | None:
        """What is known of it; None before the bridge said anything."""
        return self._painting

    @property
    def submit(self) -> Submit:
        """What was asked for."""
        return self._request.submit

    def take(self, change: Change) -> None:
        """Take in one change of the session; draws on the canvas. Nothing after the end."""
        if self.outcome is not None:
            return
        if isinstance(change, Offline):
            self._end(Outcome("failed", change.message))
        elif isinstance(change, Updated) and change.painting.job == self._id:
            self._advance(change.painting, change.event)

    def look(self) -> None:
        """Notice a closed image or an undone layer also while the bridge says nothing."""
        if self.outcome is None and self._is_abandoned():
            self._end(Outcome("cancelled"))

    def cancel(self) -> None:
        """Stop, and leave the image as it was. The bridge is told; nobody waits for its answer."""
        if self.outcome is None:
            self._end(Outcome("cancelled"))

    def keep(self) -> None:
        """Stop at this step and make the candidate on the canvas the result."""
        self._session.keep(self._id, [self.chosen])

    def choose(self, candidate: int) -> None:
        """Put another candidate on the canvas, while it paints and after; not an undo step."""
        self.chosen = candidate
        painting, paint = self._painting, self._paint
        if painting is None or painting.layout is None or paint is None:
            return
        if self.outcome is None:
            self._preview(painting)
        elif candidate in painting.results:
            self._dry(paint, painting.layout, painting.results[candidate])

    def _advance(self, painting: Painting, event: object) -> None:
        self._painting = painting
        if self._is_abandoned():
            self._end(Outcome("cancelled"))
        elif isinstance(event, Started) and self._show == "stream":
            self._insert(event)
        elif isinstance(event, Preview) and event.candidate == self.chosen:
            self._preview(painting)
        elif painting.state == "finished":
            self._finish(painting)
        elif painting.state == "failed":
            self._end(Outcome("failed", painting.message))
        elif painting.state == "cancelled":
            self._end(Outcome("cancelled"))
        self._progressed(painting)

    def _is_abandoned(self) -> bool:
        """Whether the painter closed the image, or undid or deleted the layer: a way to cancel."""
        return not self._canvas.is_open() or (
            self._paint is not None and not self._paint.is_there()
        )

    def _insert(self, layout: Started) -> None:
        if self._paint is None:  # a job that the bridge began anew keeps its layer
            self._paint = self._layer(layout, layout.mask.data)

    def _layer(self, layout: Started, mask: bytes) -> PaintLayer:
        submit = self._request.submit
        sheet = Sheet(
            self._place,
            name_of(submit.prompt),
            self._in_image(layout.paste),
            mask,
            self._request.form,
            _growth(submit, layout),
            self._request.replaced,
        )
        return PaintLayer(self._canvas.image, sheet, promised(submit, layout))

    def _preview(self, painting: Painting) -> None:
        picture = painting.picture(self.chosen)
        if picture and self._paint and painting.layout:
            self._paint.show(picture, self._in_image(painting.layout.context))

    def _dry(self, paint: PaintLayer, layout: Started, painted: Painted) -> None:
        told = recipe(self._request.submit, layout, painted)
        paint.finish(painted.picture.data, told)
        if paint.is_there():
            remember(self.image, told)

    def _in_image(self, box: Rect) -> Rect:
        return moved(box, self._request.submit.origin)

    def _finish(self, painting: Painting) -> None:
        if not painting.best or painting.layout is None:
            self._end(
                Outcome("failed", tr("The bridge ended the job without a picture. Try again."))
            )
            return
        best: Painted = painting.best[0]
        self.chosen = best.candidate
        if self._paint is None:
            self._paint = self._layer(painting.layout, best.picture.data[3::4])
        self._dry(self._paint, painting.layout, best)
        message = " ".join([*painting.layout.notes, *_unknown(painting.layout.unknown_words)])
        self._end(Outcome("finished", message, self._paint.layer, painting.layout.seed))

    def _end(self, outcome: Outcome) -> None:
        if outcome.ending != "finished":
            self._session.cancel(self._id)
            if self._paint is not None:
                self._paint.discard()
        self._session.forget(self._id)
        self.outcome = outcome


def _unknown(words: list[str]) -> list[str]:
    if not words:
        return []
    return [tr("The model did not understand: {words}.", words=", ".join(words))]


def name_of(prompt: str) -> str:
    """What a layer with this prompt is called."""
    return " ".join(prompt.split())[:NAME_LENGTH] or "Mahlstick"


def _place(canvas: Canvas, request: Request) -> Place:
    return canvas.place_above(request.replaced) if request.replaced else canvas.place()


def _growth(submit: Submit, layout: Started) -> Growth | None:
    if submit.extension is not None:
        return Growth(layout.canvas_width, layout.canvas_height, layout.origin)
    if submit.mode == "upscale":
        return Growth(layout.canvas_width, layout.canvas_height, scaled=True)
    return None
