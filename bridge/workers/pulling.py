"""The process that gets one model: `python -m bridge.workers.pulling WISH`, one JSON line an event.

Its standard input is the life line: it ends with the bridge, and this process with it; what has
arrived lies on the disk, and the next one goes on from there. A token comes from the environment.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import Arriving, Checking, DownloadError, Downloads

if TYPE_CHECKING:
    from engine import Pulled

_EVERY_S = 0.2  # progress is told no more often


def main(arguments: list[str]) -> int:
    """Get what the wish names; 1 with a last line of what stood in the way."""
    wish = json.loads(arguments[0])
    threading.Thread(target=_end_with_the_bridge, name="life-line", daemon=True).start()
    downloads = Downloads(
        Path(wish["folder"]), endpoint=wish["endpoint"], hosts=frozenset(wish["hosts"])
    )
    try:
        for plan in downloads.plans(wish["name"], update=wish["update"]):
            _say("planned", name=plan.name, total=plan.bytes, notes=list(plan.notes))
            told = _Told()
            for event in downloads.pull(plan, accept_licence=wish["accept_licence"]):
                told.tell(event)
    except DownloadError as error:
        _say("failed", reason=error.reason, message=str(error))
        return 1
    return 0


class _Told:
    """Tells events; of a file's progress its beginning, its end, and what is newest at times."""

    def __init__(self) -> None:
        self._next_s = 0.0
        self._before = ("", "")

    def tell(self, event: Arriving | Checking | Pulled) -> None:
        """Write an event down, unless it is progress and others were told just now."""
        moment, kind = time.monotonic(), type(event).__name__.lower()
        if isinstance(event, Arriving | Checking):
            same = self._before == (kind, event.path) and event.done < event.total
            if same and moment < self._next_s:
                return
            self._before = kind, event.path
        self._next_s = moment + _EVERY_S
        _say(kind, **asdict(event))


def _say(event: str, **told: Any) -> None:  # noqa: ANN401 - what JSON can hold
    sys.stdout.write(json.dumps({"event": event, **told}, default=str) + "\n")
    sys.stdout.flush()


def _end_with_the_bridge() -> None:
    # Not by Python's own reader: its lock, held here, would keep the process from ending well.
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)  # whatever it is doing: a line that is silent would hold it for a minute


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
