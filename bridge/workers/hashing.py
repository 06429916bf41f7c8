"""Hashes models for a while: `python -m bridge.workers.hashing ORDER`, JSON out.

A process of its own at the lowest priority, which rests as long as it reads: a shelf of models is
many minutes of reading, and the painter's disk and processor are wanted for painting. What was
hashed is in the index; the next one goes on from there.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

import engine

_LOWEST = 19
_LONGEST_REST_S = 0.5


class BridgeGoneError(Exception):
    """The bridge that asked has ended."""


def main(arguments: list[str]) -> int:
    """Hash until the order's `seconds` are over, and write how many models are left."""
    order = json.loads(arguments[0])
    told = order["options"]
    if hasattr(os, "nice"):
        os.nice(_LOWEST)
    library = engine.library(told["models"], told.get("options"))
    end = time.monotonic() + order["seconds"]
    try:
        for _ in engine.hashes_of(library, _resting(os.getppid())):
            if time.monotonic() > end:
                break
    except BridgeGoneError:
        return 1
    sys.stdout.write(json.dumps({"left": len(library.unhashed())}))
    return 0


def _resting(parent: int) -> Callable[[], None]:
    """Return what rests between two blocks for as long as the last one took to read."""
    before = time.monotonic()

    def rest() -> None:
        nonlocal before
        if os.getppid() != parent:
            raise BridgeGoneError
        time.sleep(min(time.monotonic() - before, _LONGEST_REST_S))
        before = time.monotonic()

    return rest


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
