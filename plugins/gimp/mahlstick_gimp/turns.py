"""Where the network's threads and GIMP's main thread meet: those wake, this takes its turn."""

from __future__ import annotations

import threading
from collections.abc import Callable

from .host import Gimp, GLib
from .protocol import Session, new_id

PREVIEW_SIDE = 256


class Turns:
    """Calls a function in the main thread soon after `wake` was called in any other."""

    def __init__(self) -> None:
        self._waiting = threading.Event()
        self._turn: Callable[[], bool] | None = None
        self._loop = GLib.MainLoop()
        self._fault: Exception | None = None

    def wake(self) -> None:
        """Ask for a turn; many calls before it make one. Foreign thread."""
        if not self._waiting.is_set():
            self._waiting.set()
            GLib.idle_add(self._take)

    def run(self, turn: Callable[[], bool]) -> None:
        """Take turns until `turn` returns False or raises; then return or raise. Main thread."""
        self._turn = turn
        self.wake()  # for what came before
        self._loop.run()
        self._turn = None
        if self._fault is not None:
            raise self._fault

    def _take(self) -> bool:
        self._waiting.clear()  # before the turn: what comes during it asks for another
        try:
            if self._turn is not None and not self._turn():
                self._loop.quit()
        except Exception as fault:  # noqa: BLE001 - GLib would print it and wait for ever
            self._fault = fault
            self._loop.quit()
        return GLib.SOURCE_REMOVE


def open_session(wake: Callable[[], None]) -> Session:
    """A started session of its own: GIMP runs every call of a procedure in a new process.

    Previews come raw: GIMP's interpreter has nothing that decodes them safely.
    """
    client = f"gimp {Gimp.version()}"
    session = Session(client, new_id(), "rgb8", PREVIEW_SIDE, wake=wake)
    session.start()
    return session
