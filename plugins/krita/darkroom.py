"""A thread for what takes time: pixels are swapped, cut and compressed there, not in Krita's own.

Work is done in the order it was given. Long work is written in strips: each call into Qt or Python
holds the interpreter for as long as it lasts, and Krita's thread waits for it.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass
class Order(Generic[T]):
    """Something that was asked for; `done` once it was tried, `result` is None when that failed."""

    done: bool = False
    result: T | None = None


class Darkroom:
    """One thread that works off what it is given."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def ask(self, work: Callable[[], T]) -> Order[T]:
        """Return at once; the order is done when the work is."""
        order: Order[T] = Order()

        def carry_out() -> None:
            order.result = work()

        def run() -> None:
            try:
                carry_out()
            finally:
                order.done = True

        if self._thread is None:
            # A daemon: an editor that quits without telling its plugins must not hang.
            self._thread = threading.Thread(
                target=self._run, name="mahlstick darkroom", daemon=True
            )
            self._thread.start()
        self._waiting.put(run)
        return order

    def close(self) -> None:
        """End the thread after what was asked."""
        self._waiting.put(None)

    def _run(self) -> None:
        while (work := self._waiting.get()) is not None:
            try:
                work()
            except Exception:
                # The outermost loop of the thread: the next order must still be worked on.
                log.exception("an order failed")
