"""An engine in a thread of the bridge, for tests and notebooks; otherwise see `process`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextvars import copy_context

from bridge.wire.messages import TERMINAL, JobEvent, Started
from bridge.workers import Assignment
from bridge.workers.painting import Painter, painted
from engine import Control


class InlineWorker:
    """Paints with a given engine in a thread; not for engines that can take the process along."""

    def __init__(self, painter: Painter) -> None:
        self._painter = painter
        self._controls: dict[str, Control] = {}
        self.model: str | None = None

    @property
    def pid(self) -> int | None:
        """None: there is no process of its own."""
        return None

    async def paint(self, assignment: Assignment) -> AsyncGenerator[JobEvent]:
        """Yield the job's events, the last one terminal."""
        control = self._controls[assignment.name] = Control()
        events: asyncio.Queue[JobEvent] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def work() -> None:
            for event in painted(lambda: self._painter, assignment, control):
                loop.call_soon_threadsafe(events.put_nowait, event)

        thread = threading.Thread(target=copy_context().run, args=(work,), daemon=True)
        thread.start()
        try:
            while True:
                event = await events.get()
                if isinstance(event, Started):
                    self.model = event.model
                yield event
                if isinstance(event, TERMINAL):
                    return
        finally:
            control.cancel()
            self._controls.pop(assignment.name, None)
            # The thread must not call into a loop that is closed.
            await asyncio.shield(asyncio.to_thread(thread.join))

    def cancel(self, name: str) -> None:
        """Ask for the end of an assignment."""
        if control := self._controls.get(name):
            control.cancel()

    def keep(self, name: str, candidates: frozenset[int]) -> None:
        """Ask for an early end with these candidates as they are."""
        if control := self._controls.get(name):
            control.keep(candidates)

    async def release(self) -> None:
        """Cancel what is painted; a thread holds nothing else to give back."""
        for control in self._controls.values():
            control.cancel()
