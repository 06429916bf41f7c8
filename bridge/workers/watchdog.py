"""Watches the worker's plugins: one that hangs costs the worker, and never lets a picture through.

The worker says before it hands the painting to a plugin's hook, and when it has it back. It says so
itself because nothing inside it could: a hook that never gives the interpreter back stops every
thread of its process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from bridge.wire import errors as codes
from bridge.wire.messages import Failed

CHECKS = "mahlstick_check_"  # what the names of filters' hooks begin with
FAILED = "filter_failed"


class Watchdog:
    """The time a plugin has left; used from the event loop's thread."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._plugin = self._hook = ""
        self._deadline: float | None = None

    @property
    def deadline(self) -> float | None:
        """When the plugin at work must be done, by the event loop's clock; None: none is."""
        return self._deadline

    def heard(self, head: Mapping[str, Any]) -> None:
        """Take a note of the worker: `plugin` has begun `hook`, or, both empty, has ended."""
        self._plugin, self._hook = str(head["plugin"]), str(head["hook"])
        now = asyncio.get_running_loop().time()
        self._deadline = now + self._timeout_s if self._plugin else None

    def rest(self) -> None:
        """Forget what was heard: the worker is another one, or has nothing to do."""
        self._plugin = self._hook = ""
        self._deadline = None

    def overrun(self, job: str) -> Failed:
        """Return the end of a job whose plugin hangs: refused by a filter, or simply failed."""
        sentence = (
            f"The plugin {self._plugin} did not come back from {self._hook} within "
            f"{self._timeout_s:g} s; its process was ended, and nothing of this job is shown. "
            "Correct the plugin, remove it, or raise the setting hook_timeout_s."
        )
        if self._hook.startswith(CHECKS):
            return Failed(0, job, codes.REFUSED_BY_FILTER, sentence, FAILED)
        return Failed(0, job, codes.INTERNAL, sentence)
