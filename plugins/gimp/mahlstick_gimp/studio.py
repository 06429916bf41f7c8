"""What a window shows and asks for: one session with the bridge, and one painting at a time.

No GTK here. Main thread; the window calls `turn` when it is woken and `look` from a timer.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from .actions import Action
from .arguments import Settings
from .canvas import Canvas
from .errors import PainterError
from .host import Foreign
from .job import Job, Outcome
from .language import tr
from .protocol import Change, Offline, Online, Pace, Painting, Renewed, Session, Told, Welcome
from .words import ending, standing


class Studio:
    """The session and the painting of one window; `changed` is called when there is news."""

    def __init__(
        self,
        session: Session,
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.job: Job | None = None  # the one that is under way
        self.dry: Job | None = None  # the last that ended well: its candidates are there
        self.last = Outcome("cancelled")
        self.message = tr("Looking for the bridge.")
        self.session = session
        self.listeners: list[Callable[[Change], None]] = []  # hear every change, too
        self._changed = changed
        self._clock = clock
        self._pace = Pace()
        self._offline = ""

    @property
    def busy(self) -> bool:
        """Whether something is being painted."""
        return self.job is not None

    @property
    def offline(self) -> str:
        """Why there is no bridge, in a sentence; empty while there is one."""
        return self._offline

    @property
    def welcome(self) -> Welcome | None:
        """What the bridge offers; None before it answered."""
        return self.session.welcome

    @property
    def shown(self) -> Job | None:
        """The painting whose candidates are looked at."""
        return self.job or self.dry

    @property
    def progress(self) -> float:
        """How much of the painting is done, 0 to 1; 0 when nothing is painted."""
        painting = self.job.painting if self.job else None
        return painting.progress if painting else 0.0

    @property
    def can_keep(self) -> bool:
        """Whether there is something to keep yet."""
        painting = self.job.painting if self.job else None
        return painting is not None and bool(painting.previews)

    def paint(
        self, action: Action, image: Foreign, drawables: list[Foreign], settings: Settings
    ) -> bool:
        """Ask the bridge; tell whether it could be asked. Why not becomes `message`."""
        if self.job is not None:
            return False
        self.dry = None
        try:
            self.job = self._submitted(action, image, drawables, settings)
        except PainterError as error:
            self.message = str(error)
        else:
            self.message = tr("Sent to the bridge.")
            self._pace = Pace()
        self._changed()
        return self.job is not None

    def cancel(self) -> None:
        """Stop; the image is as before at once, bridge or no bridge."""
        if self.job is not None:
            self.job.cancel()
            self._settle()

    def keep(self) -> None:
        """Stop at this step, and keep what the canvas shows."""
        if self.job is not None:
            self.job.keep()

    def choose(self, candidate: int) -> None:
        """Put another candidate on the canvas."""
        if self.shown is not None:
            self.shown.choose(candidate)
            self._changed()

    def say(self, message: str) -> None:
        """Tell the painter something of the window's own."""
        self.message = message
        self._changed()

    def turn(self) -> None:
        """Take in what the bridge said."""
        for change in self.session.poll():
            self._connection(change)
            if self.job is not None:
                self.job.take(change)
            self._settle()
            for listener in list(self.listeners):
                listener(change)

    def look(self) -> None:
        """Notice what the painter did to the image meanwhile: undo and close mean cancel."""
        if self.job is not None:
            self.job.look()
            self._settle()

    def close(self) -> None:
        """Give up what is under way and end the connection."""
        self.cancel()
        self.session.close()

    def _submitted(
        self, action: Action, image: Foreign, drawables: list[Foreign], settings: Settings
    ) -> Job:
        if self._offline:
            raise PainterError(self._offline)
        if image is None or not image.is_valid():
            raise PainterError(tr("The picture was closed. Open it again and start from there."))
        canvas = Canvas(image, drawables, settings.source)
        canvas.require_paintable()
        request = action.ask(canvas, settings)
        return Job(self.session, canvas, request, "stream", self._progressed)

    def _connection(self, change: Change) -> None:
        if isinstance(change, Online):
            self._offline = ""
            if self.job is None:
                self.say(tr("Connected to {bridge}.", bridge=change.welcome.server))
        elif isinstance(change, Offline):
            self._offline = change.message
            if self.job is None:
                self.say(change.message)
        elif isinstance(change, Told):
            self.say(change.message)
        elif isinstance(change, Renewed):
            self._changed()

    def _progressed(self, painting: Painting) -> None:
        now = self._clock()
        self._pace.note(painting.progress, now)
        self.message = standing(painting, self._pace.left(now))
        self._changed()

    def _settle(self) -> None:
        """Leave the job once it is over."""
        job = self.job
        if job is None or job.outcome is None:
            return
        self.job = None
        if job.outcome.ending == "finished":
            self.last, self.dry = job.outcome, job
        self.say(ending(job.outcome))
