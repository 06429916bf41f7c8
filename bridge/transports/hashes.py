"""Has the models hashed while the bridge runs, in slices, by a process that gives way to all else.

It answers to nothing by itself: what it finds out is told with the models.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from bridge.transports import Mounted, Shared
from bridge.workers.asking import answer_of

FIRST_S = 120.0  # after the start, when the painter has the first picture
SLICE_S = 300.0
LATER_S = 900.0  # until it is asked whether there is something new
_MODULE = "bridge.workers.hashing"
_PATIENCE_S = 3600.0  # a slice ends between two files, and one may be large on a slow disk

log = logging.getLogger(__name__)


def mount(shared: Shared) -> Mounted:
    """Return the transport; found by `bridge.transports.mounted`."""
    return Mounted((), Hashes(shared.shelf.options).run)


class Hashes:
    """Asks for slices of hashing, until cancelled."""

    def __init__(self, options: Mapping[str, Any], first_s: float = FIRST_S) -> None:
        """`options` are the engine's."""
        self._options, self._first_s = options, first_s

    async def run(self) -> None:
        """Hash what has no hash, soon and whenever there may be something new.

        Not where the setting `hashes` of the section `library` is false.
        """
        if self._options["options"].get("library", {}).get("hashes", True) is False:
            return
        await asyncio.sleep(self._first_s)
        before = 0
        while True:
            left = await self.slice()
            stuck = left == before  # what cannot be read now may be read later
            await asyncio.sleep(0 if left and not stuck else LATER_S)
            before = left

    async def slice(self, seconds: float = SLICE_S) -> int:
        """Hash for some seconds; return how many models are left, 0 when it cannot be done."""
        order = {"options": self._options, "seconds": seconds}
        try:
            told = await answer_of(_MODULE, order, _PATIENCE_S)
        except OSError:  # no memory, no process left: the next time will do
            log.exception("The process that hashes models cannot be started.")
            return 0
        return 0 if told is None else int(told["left"])
