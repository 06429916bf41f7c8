"""What becomes of one job, for the request that waits for it."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from types import TracebackType

from bridge.store import Store
from bridge.wire.messages import JobEvent, Painted, Preview, Started


class Partials:
    """Which previews become partial images: so many of each candidate, evenly over the steps."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._taken: dict[int, int] = defaultdict(int)

    def takes(self, preview: Preview) -> bool:
        """Tell whether this one is sent; it is counted when it is.

        When a step was missed the next one stands for it. The last step is the result's own.
        """
        places = range(1, self._count + 1)
        due = {math.ceil(place * preview.steps / (self._count + 1)) for place in places}
        reached = sum(step <= preview.step for step in due)
        if preview.step >= preview.steps or reached <= self._taken[preview.candidate]:
            return False
        self._taken[preview.candidate] = reached
        return True


class Following:
    """A job's start, chosen previews, results and end, as they happen; a context manager.

    Entered before the job is submitted, so that nothing is missed. Previews are taken in the moment
    they are recorded: later there may only be a newer one.
    """

    def __init__(self, store: Store, session: str, job: str, partials: int) -> None:
        self._store = store
        self._session = session
        self._job = job
        self._partials = Partials(partials)
        self._seen = 0
        self._events: asyncio.Queue[JobEvent] = asyncio.Queue()

    def __enter__(self) -> Following:
        self._unwatch = self._store.watch(self._session, self._changed)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._unwatch()

    async def next(self, patience_s: float | None) -> JobEvent | None:
        """Return the next event, results with their pixels; None when none came in time."""
        try:
            async with asyncio.timeout(patience_s):
                event = await self._events.get()
        except TimeoutError:
            return None
        if isinstance(event, Painted):
            return await self._store.event(self._session, event.seq)
        return event

    def _changed(self) -> None:
        for event in self._store.events_of(self._session, self._job):
            if event.seq > self._seen:
                self._seen = event.seq
                if not isinstance(event, Preview) or self._partials.takes(event):
                    self._events.put_nowait(event)


def size_of(started: Started) -> tuple[int, int]:
    """Return the size of the document after painting."""
    return started.canvas_width, started.canvas_height
