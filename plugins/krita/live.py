"""Live mode: what the picture would become, repainted whenever the painter's hand rests.

It reads the picture and shows what comes; the document, its undo history included, is never
touched. Whether the picture changed is told by its pixels' hash, taken in the darkroom.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from .canvas import Canvas, CanvasError, in_front
from .darkroom import Order
from .easel import Easel, Errand, Tools, forming_name
from .language import noted
from .layers import PaintLayer
from .libkis import App, Document
from .protocol import (
    GONE,
    JobEvent,
    Painted,
    Painting,
    Picture,
    Preview,
    Rect,
    Session,
    Submit,
    moved,
    new_id,
)
from .reading import Scene
from .sending import Sending
from .views import SIDE, View
from .wishes import FILL, REFINE, REFINE_SELECTION, Intent, Wish, masks_of, submit_of

REST_S = 0.25  # so long the hand rests before it is painted
LOOK_S = 0.5  # so often the picture is looked at while nothing changes


@dataclass(frozen=True)
class _Sketch:
    """What was read of the document, and what it would be asked for."""

    document: Document
    region: Rect
    wish: Wish
    sending: Sending


class Live:
    """Repaints while it is on; one job at a time, and the newest only."""

    def __init__(
        self, app: App, session: Session, tools: Tools, clock: Callable[[], float]
    ) -> None:
        self.view: View | None = None
        self.message = ""
        self._app = app
        self._session = session
        self._tools = tools
        self._clock = clock
        self._wish: Callable[[], Wish] | None = None
        self._sketch: _Sketch | None = None  # on its way
        self._sent: _Sketch | None = None
        self._key: tuple[object, ...] = ()  # of what was sent
        self._painting: Painting | None = None
        self._base: Order | None = None
        self._film: tuple[Rect, Order] | None = None
        self._moved_at = 0.0
        self._look_at = 0.0

    @property
    def on(self) -> bool:
        """Whether it paints along."""
        return self._wish is not None

    @property
    def picture(self) -> Painted | None:
        """The newest finished picture of what is on the canvas; None while it forms."""
        painting = self._painting
        return painting.results.get(0) if painting is not None and painting.over else None

    def start(self, wish: Callable[[], Wish]) -> None:
        """Paint along from now on; `wish` says what the panel's fields say."""
        self._wish, self._key, self.message = wish, (), ""
        self._look_at = self._moved_at = self._clock()

    def stop(self) -> None:
        """Paint along no more; what was shown goes."""
        self._give_up()
        self._wish = self._sketch = self._sent = self.view = None
        self._base = self._film = None

    def tick(self, *, painting: bool) -> bool:
        """Use a turn of Krita's event loop; tell whether there is something new to show.

        While something else is `painting` it waits.
        """
        if self._wish is None:
            return False
        now = self._clock()
        if not self._tools.hand_rests():
            self._moved_at = now
            self._sketch = None  # what was read is no longer so
            return self._developed()
        if not painting and self._session.online and now - self._moved_at >= REST_S:
            self._go_on(self._wish(), now)
        return self._developed()

    def take(self, painting: Painting, event: JobEvent) -> bool:
        """Understand what the bridge tells; False when it is about another job."""
        if self._painting is None or painting.job != self._painting.job:
            return False
        self._painting = painting
        if painting.state == "cancelled" or painting.code == GONE:
            self._key = ()  # not by us: the connection or the bridge was lost meanwhile
        elif painting.state == "failed":
            self.message = painting.message
        if isinstance(event, (Preview, Painted)) and self._sent is not None:
            self._develop(painting, self._sent.region)
        return True

    def kept(self) -> Easel | None:
        """Return an easel that lays what is shown on a layer; None without a finished picture."""
        painting, sent = self._painting, self._sent
        if painting is None or sent is None or self.picture is None:
            return None
        try:
            canvas = Canvas(self._app, sent.document)
        except CanvasError:
            return None
        if not canvas.open or painting.layout is None:
            return None
        origin = (sent.region.left, sent.region.top)
        layer = PaintLayer(self._app, canvas, forming_name(sent.wish.prompt))
        easel = Easel(layer, painting, Errand(sent.wish, noted("Live"), origin), self._tools)
        easel.take(painting, painting.layout)
        self._painting = None
        return easel

    def _go_on(self, wish: Wish, now: float) -> None:
        if self._sketch is None:
            if now >= self._look_at:
                self._sketch = self._begun(wish)
                self._look_at = now + LOOK_S
            return
        submit = self._sketch.sending.step()
        if submit is None:
            if self._sketch.sending.failed:
                self._sketch = None
            return
        sketch, self._sketch = self._sketch, None
        key = (_digest(submit.image), _digest(submit.mask), sketch.region, sketch.wish)
        if key != self._key:
            self._submit(submit, sketch, key)

    def _begun(self, wish: Wish) -> _Sketch | None:
        document = in_front(self._app)
        if document is None:
            return None
        wish = replace(wish, candidates=1, extension=None)
        try:
            canvas = Canvas(self._app, document)
            box = canvas.selected
            intent = _live_intent(wish, box is not None)
            region = canvas.size
            if box is not None:
                region = canvas.surroundings(box, masks_of(wish.edge, box).context)
            reading = canvas.reading(region, selection=box is not None)
        except CanvasError as error:
            self.message = str(error)
            return None

        def compose(scene: Scene | None) -> Submit:
            seen = scene or Scene(region, b"", None)
            job = new_id()
            submit = submit_of(wish, intent, seen, self._tools.swapped, box, job)
            image, mask = _hashed(submit.image), _hashed(submit.mask)
            return replace(submit, image=image, mask=mask, on_disconnect="cancel")

        return _Sketch(document, region, wish, Sending(reading, compose, self._tools.ask))

    def _submit(self, submit: Submit, sketch: _Sketch, key: tuple[object, ...]) -> None:
        self._give_up()
        self._key, self._sent, self.message = key, sketch, ""
        self._film = None  # of another picture
        self._painting = self._session.submit(submit)
        scene, optics = sketch.sending.scene, self._tools.optics
        if scene is not None:
            self._base = self._tools.ask(lambda: optics.base(scene, SIDE))

    def _give_up(self) -> None:
        if self._painting is not None:
            self._session.cancel(self._painting.job)
            self._session.forget(self._painting.job)
            self._painting = None

    def _develop(self, painting: Painting, region: Rect) -> None:
        layout, result, optics = painting.layout, painting.results.get(0), self._tools.optics
        if layout is None:
            return
        place = moved(layout.paste, (region.left, region.top))
        if result is not None:
            paste = result.paste
            work = lambda: optics.film(result.picture, paste, paste, None, SIDE)  # noqa: E731
            place = moved(paste, (region.left, region.top))
        else:
            picture, mask = painting.picture(0), layout.mask.data
            if picture is None or (self._film is not None and not self._film[1].done):
                return  # the darkroom is behind; the next one will be newer
            work = lambda: optics.film(picture, layout.context, layout.paste, mask, SIDE)  # noqa: E731
        self._film = (place, self._tools.ask(work))

    def _developed(self) -> bool:
        """Tell whether a view has become ready, and show it."""
        if self._film is None or self._base is None or self._sent is None:
            return False
        place, film = self._film
        if not film.done or not self._base.done or film.result is None:
            return False
        self._film = None
        self.view = View(self._sent.region, self._base.result, place, film.result)
        return True


def _live_intent(wish: Wish, selected: bool) -> Intent:
    if not selected:
        return REFINE
    return FILL if wish.strength == 1 else REFINE_SELECTION


def _hashed(picture: Picture | None) -> Picture | None:
    if picture is None:
        return None
    return replace(picture, sha256=hashlib.sha256(picture.data).hexdigest())


def _digest(picture: Picture | None) -> str:
    return "" if picture is None else picture.sha256
