"""What has happened and was not looked at yet: filled by one thread, emptied by another.

A newer preview of a candidate replaces an older one that nobody saw, so a busy editor never falls
behind.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from .controller import Happening
from .messages import Preview

_Key = tuple[str, int]


class Inbox:
    """A thread-safe list of happenings; `wake` is called, from the filling thread, after each."""

    def __init__(self, wake: Callable[[], None] | None = None) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[int | _Key, Happening] = {}
        self._count = 0
        self._wake = wake

    def put(self, happening: Happening) -> None:
        """Add a happening at the end."""
        with self._lock:
            self._count += 1
            key: int | _Key = self._count
            if isinstance(happening, Preview):
                key = (happening.job, happening.candidate)
                self._waiting.pop(key, None)
            self._waiting[key] = happening
        if self._wake is not None:
            self._wake()

    def take(self) -> list[Happening]:
        """Return everything that waits, oldest first, and forget it. Never blocks for long."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        return list(waiting.values())
