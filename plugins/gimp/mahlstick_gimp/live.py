"""Live mode: what the picture would become, repainted whenever the painter's hand rests.

What it shows is on a layer of which the undo history never hears; Ctrl+Z takes back the painter's
own strokes, as ever. The layer goes when live mode ends, or becomes a result by `keep`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from .arguments import MAX_SEED, Settings
from .canvas import Canvas
from .chronicle import remember
from .errors import PainterError
from .host import Foreign, Gimp
from .job import name_of
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
    Updated,
    moved,
    new_id,
)
from .recipes import promised, recipe
from .requests import Request
from .tasks import Task, glance

REST_S = 0.25  # so long the hand rests before it is painted
SHOWN = ("fill-selection", "refine")  # what is repainted live: what lies on the picture there is


@dataclass(frozen=True)
class Wanted:
    """What the panel's fields say now, and about which image."""

    image: Foreign
    task: Task
    settings: Settings


class Live:
    """Repaints while it is on; one job at a time, and the newest only."""

    def __init__(self, session: Session, clock: Callable[[], float] = time.monotonic) -> None:
        self.message = ""
        self._session = session
        self._clock = clock
        self._wanted: Callable[[], Wanted] | None = None
        self._canvas: Canvas | None = None
        self._request: Request | None = None
        self._painting: Painting | None = None
        self._sheet: tuple[Rect, bytes] | None = None
        self._paint: PaintLayer | None = None
        self._seen: object = None
        self._moved_at: float | None = None
        self._seed = 0

    @property
    def on(self) -> bool:
        """Whether it paints along."""
        return self._wanted is not None

    @property
    def can_keep(self) -> bool:
        """Whether a finished picture is on the canvas."""
        painting = self._painting
        return painting is not None and painting.state == "finished" and bool(painting.best)

    def start(self, wanted: Callable[[], Wanted]) -> None:
        """Paint along from now on; `wanted` says what the panel's fields say."""
        self._wanted, self._seen, self.message = wanted, None, ""
        self._seed = int(new_id().replace("-", ""), 16) % MAX_SEED  # the picture must not jump

    def stop(self) -> None:
        """Paint along no more; what was shown goes."""
        self._give_up()
        self._wanted = self._painting = self._request = None
        self._clear()

    def keep(self) -> Foreign:
        """Make what is shown a layer like any other, one undo step; None when nothing is shown."""
        painting, request, canvas = self._painting, self._request, self._canvas
        if not self.can_keep or painting is None or request is None or canvas is None:
            return None
        best, layout = painting.best[0], painting.layout
        self._clear()
        if layout is None or not canvas.is_open():
            return None
        box = moved(layout.paste, request.submit.origin)
        name = name_of(request.submit.prompt)
        sheet = Sheet(canvas.place(), name, box, best.picture.data[3::4], request.form)
        paint = PaintLayer(canvas.image, sheet, promised(request.submit, layout))
        told = recipe(request.submit, layout, best)
        paint.finish(best.picture.data, told)
        remember(canvas.image, told)
        self._painting = None
        self._seen = None
        return paint.layer

    def look(self) -> None:
        """Repaint when picture, selection or fields changed and then rested; from a timer."""
        wanted = self._wanted() if self._wanted is not None else None
        if wanted is None or wanted.image is None or not wanted.image.is_valid():
            return
        now, seen = self._clock(), _key(wanted)
        if seen != self._seen:
            self._seen, self._moved_at = seen, now
        elif self._moved_at is not None and now - self._moved_at >= REST_S:
            self._moved_at = None
            self._repaint(wanted)

    def take(self, change: Change) -> None:
        """Take in one change of the session."""
        if isinstance(change, Offline):
            self.message = change.message
            self._painting = None
        if not isinstance(change, Updated) or self._painting is None:
            return
        if change.painting.job != self._painting.job:
            return
        self._painting = change.painting
        if change.painting.state == "failed":
            self.message = change.painting.message
        elif isinstance(change.event, (Preview, Painted)) and self._wanted is not None:
            self._draw(change.painting)

    def _repaint(self, wanted: Wanted) -> None:
        self.message = ""
        if wanted.task.action.verb not in SHOWN:
            self.message = tr("Live needs a selection, or a strength below 1.")
            self._give_up()
            self._clear()
            return
        settings = replace(wanted.settings, candidates=1)
        if settings.seed is None:
            settings = replace(settings, seed=self._seed)
        try:
            canvas, request = self._asked(wanted, settings)
        except PainterError as error:
            self.message = str(error)
            return
        if self._is_shown(request):
            return  # what changed is not in the part that is looked at
        self._give_up()
        self._canvas, self._request = canvas, request
        self._painting = self._session.submit(replace(self._request.submit, first=True))

    def _is_shown(self, request: Request) -> bool:
        """Whether the newest painting, under way or done, is of just this request."""
        painting, shown = self._painting, self._request
        if painting is None or shown is None or painting.state in ("failed", "cancelled"):
            return False
        same = replace(request.submit, job=shown.submit.job) == shown.submit
        return same and (self._paint is None or self._paint.is_there())

    def _asked(self, wanted: Wanted, settings: Settings) -> tuple[Canvas, Request]:
        canvas = Canvas(wanted.image, wanted.image.get_selected_layers(), settings.source)
        canvas.require_paintable()
        if self._paint is None:
            return canvas, wanted.task.action.ask(canvas, settings)
        self._paint.set_visible(False)  # it must not look at its own paint
        try:
            return canvas, wanted.task.action.ask(canvas, settings)
        finally:
            self._paint.set_visible(True)

    def _draw(self, painting: Painting) -> None:
        layout, request, canvas = painting.layout, self._request, self._canvas
        if layout is None or request is None or canvas is None or not canvas.is_open():
            return
        if self._wanted is not None and _key(self._wanted()) != self._seen:
            self._moved_at = self._clock()  # a stroke since the last look: it will be painted anew
        paint = self._layer(canvas, request, painting)
        result = painting.results.get(0)
        picture = painting.picture(0)
        if result is not None:
            paint.finish(result.picture.data, {})
        elif picture is not None:
            paint.show(picture, moved(layout.context, request.submit.origin))
        if self._wanted is not None:
            self._seen = _key(self._wanted())  # what we painted is no news

    def _layer(self, canvas: Canvas, request: Request, painting: Painting) -> PaintLayer:
        layout = painting.layout
        assert layout is not None  # noqa: S101 - the caller's
        key = (moved(layout.paste, request.submit.origin), layout.mask.data)
        if self._paint is not None and self._paint.is_there() and key == self._sheet:
            return self._paint
        old, self._sheet = self._paint, key
        sheet = Sheet(canvas.place(), tr("Live"), *key, recorded=False)
        self._paint = PaintLayer(canvas.image, sheet, {})
        if old is not None:
            old.discard()
        return self._paint

    def _give_up(self) -> None:
        painting = self._painting
        if painting is not None:
            self._session.cancel(painting.job)
            self._session.forget(painting.job)
            self._painting = None

    def _clear(self) -> None:
        if self._paint is not None:
            self._paint.discard()
            self._paint = self._sheet = None


def _key(wanted: Wanted) -> object:
    image = wanted.image
    if image is None or not image.is_valid():
        return None
    bounds = tuple(Gimp.Selection.bounds(image))
    return (image.get_id(), glance(image), bounds, wanted.task.action.verb, wanted.settings)
