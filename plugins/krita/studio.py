"""Everything this Krita paints: the session with the bridge, the easels, the words for the painter.

No Qt here: a timer calls `tick`, panels listen to `changed`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from .archive import Archive
from .canvas import CanvasError, in_front, selected_box
from .commissions import Clerk, Commission
from .easel import Easel, Tools
from .language import tr
from .libkis import App, Document
from .live import Live
from .outline import Outliner
from .prompts import PromptHistory
from .protocol import Change, Offline, Online, Pace, Session, Told, Updated, Welcome
from .scout import Scout
from .sending import Sending
from .views import View
from .wishes import UPSCALE_CANDIDATE, VARY_CANDIDATE, Intent, Seen, Wish, intent_of


class Studio:
    """What the panels of all windows share."""

    def __init__(
        self,
        app: App,
        session: Session,
        tools: Tools,
        archive: Archive,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.changed: list[Callable[[], None]] = []
        self.current: Easel | None = None
        self.overlaid = False  # whether views are shown on the canvas instead of in the panels
        self.message = ""  # a sentence for the painter that is more urgent than the progress
        self.unknown_words: frozenset[str] = frozenset()  # of the prompts painted so far
        self.prompts = PromptHistory()
        self.archive = archive
        self.live = Live(app, session, tools, clock)
        self.outliner = Outliner(app, session, tools)
        self._app = app
        self._session = session
        self._tools = tools
        self._clock = clock
        self._offline = tr("Looking for the bridge; try again in a moment.")
        self._easels: dict[str, Easel] = {}
        self._sendings: dict[str, Sending] = {}
        self._seen = Seen()
        self._scout = Scout()
        self._pace = Pace()
        self._front: Document | None = None

    @property
    def online(self) -> bool:
        """Whether the bridge is connected, as far as is known."""
        return self._session.online

    @property
    def welcome(self) -> Welcome | None:
        """What the bridge offers; None before it answered."""
        return self._session.welcome

    @property
    def busy(self) -> bool:
        """Whether something is being painted or laid on the canvas."""
        return any(not easel.over for easel in self._easels.values())

    @property
    def view(self) -> View | None:
        """What lies over the picture without being part of it: the masks, or live mode's."""
        return self.outliner.view or self.live.view

    @property
    def hurried(self) -> bool:
        """Whether ticks should come soon after each other."""
        waiting = any(not easel.at_rest for easel in self._easels.values())
        return waiting or bool(self._sendings) or self.outliner.busy or self.archive.busy

    @property
    def seconds_left(self) -> float | None:
        """How long the current painting will still take; None while that is not known."""
        return self._pace.left(self._clock())

    def intent(self, wish: Wish) -> Intent:
        """Return what `paint` would do, as far as was seen at the last look."""
        return intent_of(wish, self._seen)

    def paint(self, wish: Wish) -> bool:
        """Ask the bridge for a painting of the active document; tell whether it could be asked.

        Why it could not becomes `message`.
        """
        return self._tried(lambda: self._begin(wish))

    def vary_candidate(self, wish: Wish) -> bool:
        """Paint variations of the candidate on the canvas, in its place; tell if it could be."""
        return self._tried(lambda: self._from_candidate(wish, VARY_CANDIDATE))

    def upscale_candidate(self, wish: Wish) -> bool:
        """Paint the candidate on the canvas larger, into a document of its own."""
        return self._tried(lambda: self._from_candidate(wish, UPSCALE_CANDIDATE))

    def cancel(self) -> None:
        """Stop the current painting; the document is as it was at once, bridge or no bridge."""
        if self.current is not None and not self.current.over:
            self._session.cancel(self.current.painting.job)
            self._sendings.pop(self.current.painting.job, None)
            self.current.drop()
            self.tell()

    def keep(self) -> None:
        """Stop the current painting and keep what the canvas shows, or what live mode shows."""
        if self.current is not None and not self.current.over:
            self._session.keep(self.current.painting.job, [self.current.shown])
        elif self.live.picture is not None and self._tools.hand_rests():
            easel = self.live.kept()
            if easel is not None:
                self._take_in(easel)
        self.tell()

    def take_back(self) -> None:
        """Undo the newest painting as a whole; one that is under way is cancelled."""
        self.cancel()
        easel = self.current
        if easel is not None and easel.laid is not None and easel.layer is not None:
            easel.take_back()
            if easel.layer.gone:
                self.archive.drop(easel.layer.document, easel.painting.job)
                self.tell()

    def select(self, candidate: int) -> None:
        """Show another candidate of the current painting."""
        if self.current is not None:
            self.current.select(candidate)
            self.tell()

    def step_candidate(self, by: int) -> None:
        """Show the next candidate, or the one before, in the order of their ranks."""
        if self.current is None or not self.current.painting.candidates:
            return
        painting = self.current.painting
        ranked = [painted.candidate for painted in painting.best]
        order = ranked + [i for i in range(painting.candidates) if i not in ranked]
        place = order.index(self.current.shown)
        self.select(order[(place + by) % len(order)])

    def tick(self) -> None:
        """Pick up what the bridge said and put it on the canvas; called by a timer."""
        changes = self._session.poll()
        for change in changes:
            self._take(change)
        self._send()
        for easel in list(self._easels.values()):
            self._tend(easel)
        told = self.live.tick(painting=self.busy)
        told = self.outliner.tick() or self.archive.tick() or told
        if told or changes:
            self._seen = self._look_at_front()
            self.tell()
        self.look()

    def look(self) -> None:
        """See what there is in the picture in front; the panels are told when that is news.

        They show what was seen here and never look for themselves: one that did could see a moment
        that no look of ours saw, and would then not be told of the next.
        """
        seen, front = self._look_at_front(), in_front(self._app)
        if seen != self._seen or front != self._front:
            self._seen, self._front = seen, front
            self.tell()

    def tell(self) -> None:
        """Have the panels show how things stand."""
        for listener in list(self.changed):
            listener()

    def close(self) -> None:
        """End the connection; jobs that are under way are given up."""
        for easel in self._easels.values():
            if not easel.over:
                self._session.cancel(easel.painting.job)
        self.live.stop()
        self._session.close(timeout_s=1.0)

    def _tried(self, begin: Callable[[], None]) -> bool:
        self.message = ""
        try:
            begin()
        except CanvasError as error:
            self.message = str(error)
        self.tell()
        return not self.message

    def _begin(self, wish: Wish) -> None:
        document = self._ready()
        selected = selected_box(document) is not None
        intent = intent_of(wish, Seen(selected, self._seen.holes and not selected))
        self._accept(Clerk(self._app, document, self._tools).take(wish, intent))

    def _from_candidate(self, wish: Wish, intent: Intent) -> None:
        document, easel = self._ready(), self.current
        if easel is None or easel.shown not in easel.painting.results:
            raise CanvasError(tr("There is no candidate yet. Paint something first."))
        painted = easel.painting.results[easel.shown]
        clerk = Clerk(self._app, document, self._tools)
        self._accept(clerk.take_picture(wish, intent, painted, easel.errand.origin))

    def _ready(self) -> Document:
        document = in_front(self._app)
        if document is None:
            raise CanvasError(tr("There is no picture to paint on. Open or create one first."))
        if not self._session.online:
            raise CanvasError(self._offline)
        if self.current is not None and not self.current.over:
            raise CanvasError(
                tr("A painting is under way: wait for it, keep it or cancel it first.")
            )
        if not self._tools.hand_rests():
            raise CanvasError(tr("Lift the pen first: a new layer would end the stroke."))
        return document

    def _accept(self, commission: Commission) -> None:
        easel = commission.easel
        self._take_in(easel)
        self._sendings[easel.painting.job] = commission.sending
        self.prompts.add(easel.errand.wish.prompt)
        self._pace = Pace()

    def _take_in(self, easel: Easel) -> None:
        for job, old in list(self._easels.items()):
            if old.at_rest:
                del self._easels[job]
                self._session.forget(job)
        self.current = self._easels[easel.painting.job] = easel

    def _send(self) -> None:
        for job, sending in list(self._sendings.items()):
            submit = sending.step()
            if submit is not None or sending.failed:
                del self._sendings[job]
            if submit is not None:
                self._easels[job].painting = self._session.submit(submit)
            elif sending.failed:
                self.message = tr("A fault in this plugin; Krita's log says more.")
                self._easels[job].drop()

    def _tend(self, easel: Easel) -> None:
        if easel.abandoned:
            self._session.cancel(easel.painting.job)
            self._sendings.pop(easel.painting.job, None)
            easel.drop()
            self.tell()
        laid = easel.laid
        easel.tick()
        if easel.laid != laid:
            self.archive.note(easel)
            self.tell()

    def _take(self, change: Change) -> None:
        if isinstance(change, Updated):
            self._updated(change)
        elif isinstance(change, Offline):
            self._offline = self.message = change.message
        elif isinstance(change, Online):
            self.message = ""
        elif isinstance(change, Told):
            self.message = change.message

    def _updated(self, change: Updated) -> None:
        painting = change.painting
        if painting.layout is not None:
            self.unknown_words |= frozenset(painting.layout.unknown_words)
        if self.live.take(painting, change.event) or self.outliner.take(painting):
            return
        easel = self._easels.get(painting.job)
        if easel is not None:
            self.message = ""  # the progress is news again
            easel.take(painting, change.event)
            if easel is self.current:
                self._pace.note(painting.progress, self._clock())

    def _look_at_front(self) -> Seen:
        document = in_front(self._app)
        if document is None:
            return Seen()
        if selected_box(document) is not None:
            return Seen(selected=True)
        if not self.hurried and self._tools.hand_rests():
            self._scout.look(document)
        return Seen(holes=self._scout.holes_in(document))
