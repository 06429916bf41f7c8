"""GIMP's own Cancel, from outside: it kills the process of the plug-in that works."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from tests.editors.gimp.studio import Studio

MARK = "to-be-killed"  # a file of this name says that the next painting is meant
_UNENDED = "SELECT count(*) FROM jobs WHERE ended IS NULL"
_CANCELLED = "SELECT count(*) FROM events WHERE kind = 'cancelled'"


class Killer(threading.Thread):
    """Kills a painting of a studio once the real bridge has its job.

    Then `killed`; and `cancelled` when the bridge gave the job up, as it was told to.
    """

    def __init__(self, studio: Studio, bridge_state: Path) -> None:
        super().__init__(name="killer", daemon=True)
        self.killed = False
        self.cancelled = False
        self._studio = studio
        self._journal = bridge_state / "jobs.sqlite3"
        self._over = threading.Event()

    def __enter__(self) -> Killer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        if not self._comes(lambda: (self._studio.inside_out / MARK).exists()):
            return
        if not self._comes(lambda: self._count(_UNENDED) > 0):
            return
        for process in _processes(self._studio.plugin):
            os.kill(process, signal.SIGKILL)
            self.killed = True
        self.cancelled = self._comes(lambda: self._count(_CANCELLED) > 0)

    def _comes(self, look: Callable[[], bool]) -> bool:
        while not look():
            if self._over.wait(0.05):
                return look()
        return True

    def _count(self, question: str) -> int:
        if not self._journal.exists():
            return 0
        address = f"file:{self._journal}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as journal:
            try:
                return int(journal.execute(question).fetchone()[0])
            except sqlite3.OperationalError:
                return 0  # it is being made


def _processes(script: str) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue  # it has just ended
            if script.encode() in words:
                found.append(int(folder.name))
    return found
