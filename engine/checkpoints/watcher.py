"""Hears when models come, go or are renamed, by looking at the folders' own times.

A look costs one `stat` a folder, so fifty folders are looked at in a millisecond, on every system
and on network disks too, where notifications of the system do not reach.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

from engine.checkpoints.library import Change, Library

EVERY_S = 5.0
WHOLE_EVERY = 60  # looks between two whole readings, which also see a file overwritten in place


class Watcher:
    """A thread that reads a library again when its folders changed."""

    def __init__(
        self, library: Library, told: Callable[[Change], None], every_s: float = EVERY_S
    ) -> None:
        """`told` hears what is different, on the watcher's thread."""
        self._library, self._told, self._every_s = library, told, every_s
        self._stop = Event()
        self._thread = Thread(target=self._run, name="model folders", daemon=True)

    def start(self) -> None:
        """Begin to watch; the library is read first if it was not yet."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for a reading under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        self._library.entries  # noqa: B018 - reads the folders, if nobody did
        looks = 0
        while not self._stop.wait(self._every_s):
            looks += 1
            if self._library.has_changed() or looks % WHOLE_EVERY == 0:
                change = self._library.refresh()
                if change:
                    self._told(change)
