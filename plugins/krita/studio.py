"""Everything this Krita paints: the session with the bridge, the easels, the words for the painter.

No Qt here: a timer calls `tick`, panels listen to `changed`.
"""

from __future__ import annotations

from collections.abc import Callable

from .canvas import Canvas, CanvasError, selected_box
from .easel import Easel, Tools, forming_name
from .libkis import App
from .protocol import Change, Offline, Online, Session, Told, Updated, Welcome
from .wishes import EXPAND, Intent, Wish, intent_of, submit_of


class Studio:
    """What the panels of all windows share."""

    def __init__(self, app: App, session: Session, tools: Tools) -> None:
        self.changed: list[Callable[[], None]] = []
        self.current: Easel | None = None
        self.message = ""  # a sentence for the painter that is more urgent than the progress
        self._app = app
        self._session = session
        self._tools = tools
        self._offline = "Looking for the bridge; try again in a moment."
        self._easels: dict[str, Easel] = {}
        self._selected = False

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
        """Whether something is being painted."""
        return any(not easel.over for easel in self._easels.values())

    def intent(self, wish: Wish) -> Intent:
        """Return what `paint` would do, as far as was seen at the last look."""
        return intent_of(wish, self._selected)

    def paint(self, wish: Wish) -> bool:
        """Ask the bridge for a painting of the active document; tell whether it could be asked.

        Why it could not becomes `message`.
        """
        self.message = ""
        try:
            self._begin(wish)
        except CanvasError as error:
            self.message = str(error)
        self._tell()
        return not self.message

    def cancel(self) -> None:
        """Stop the current painting; the document is as it was at once, bridge or no bridge."""
        if self.current is not None and not self.current.over:
            self._session.cancel(self.current.painting.job)
            self.current.drop()
            self._tell()

    def keep(self) -> None:
        """Stop the current painting and keep what the canvas shows."""
        if self.current is not None and not self.current.over:
            self._session.keep(self.current.painting.job, [self.current.shown])
            self._tell()

    def take_back(self) -> None:
        """Undo the newest painting as a whole; one that is under way is cancelled."""
        self.cancel()
        if self.current is not None:
            self.current.take_back()

    def select(self, candidate: int) -> None:
        """Show another candidate of the current painting."""
        if self.current is not None:
            self.current.select(candidate)
            self._tell()

    def tick(self) -> None:
        """Pick up what the bridge said and put it on the canvas; called by a timer."""
        changes = self._session.poll()
        for change in changes:
            self._take(change)
        for easel in list(self._easels.values()):
            if easel.abandoned:
                self._session.cancel(easel.painting.job)
                easel.drop()
            easel.tick()
        if changes:
            self._selected = self._selects()
            self._tell()
        self.look()

    def look(self) -> None:
        """See what is selected in the picture in front; the panels are told when that is news.

        They show what was seen here and never look for themselves: one that did could see a moment
        that no look of ours saw, and would then not be told of the next.
        """
        selected = self._selects()
        if selected != self._selected:
            self._selected = selected
            self._tell()

    def close(self) -> None:
        """End the connection; jobs that are under way are given up."""
        for easel in self._easels.values():
            if not easel.over:
                self._session.cancel(easel.painting.job)
        self._session.close(timeout_s=1.0)

    def _begin(self, wish: Wish) -> None:
        document = self._app.activeDocument()
        if document is None:
            raise CanvasError("There is no picture to paint on. Open or create one first.")
        if not self._session.online:
            raise CanvasError(self._offline)
        if self.current is not None and not self.current.over:
            raise CanvasError("A painting is under way: wait for it, keep it or cancel it first.")
        if not self._tools.hand_rests():
            raise CanvasError("Lift the pen first: a new layer would end the stroke.")
        canvas = Canvas(self._app, document)
        intent = intent_of(wish, canvas.selected is not None)
        scene = canvas.scene(whole=intent is EXPAND)
        request = submit_of(wish, intent, scene, self._tools.swapped)
        origin = (scene.region.left, scene.region.top)
        self._clear_away()
        painting = self._session.submit(request)
        layer = canvas.add_layer(forming_name(wish.prompt), wish.extension)
        self.current = Easel(canvas, layer, painting, wish.prompt, origin, self._tools)
        self._easels[request.job] = self.current

    def _clear_away(self) -> None:
        for job, easel in list(self._easels.items()):
            if easel.at_rest:
                del self._easels[job]
                self._session.forget(job)

    def _take(self, change: Change) -> None:
        if isinstance(change, Updated):
            easel = self._easels.get(change.painting.job)
            if easel is not None:
                self.message = ""  # the progress is news again
                easel.take(change.painting, change.event)
        elif isinstance(change, Offline):
            self._offline = self.message = change.message
        elif isinstance(change, Online):
            self.message = ""
        elif isinstance(change, Told):
            self.message = change.message

    def _selects(self) -> bool:
        document = self._app.activeDocument()
        return document is not None and selected_box(document) is not None

    def _tell(self) -> None:
        for listener in list(self.changed):
            listener()
