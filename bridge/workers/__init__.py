"""Where the engine runs: in a process of its own (default) or in a thread (tests).

A worker paints one job at a time and speaks the wire's messages, so that queue, sessions and
transports do not know where it is.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from bridge.blobs import Blobs
from bridge.wire.messages import JobEvent, PreviewCodec, Submit


@dataclass(frozen=True, slots=True)
class Assignment:
    """One job as a worker gets it, previews as its client wants them.

    Large pictures need not be in the submit: with `pictures` they lie there, and are not removed.
    """

    name: str  # unique among sessions, unlike the client's job id
    submit: Submit
    preview_codec: PreviewCodec = "jpeg"
    preview_side: int = 256  # pixels
    pictures: Blobs | None = None  # where large ones lie: the submit's now, the results' later


class Worker(Protocol):
    """Paints; driven from the event loop."""

    @property
    def pid(self) -> int | None:
        """The process that holds the models; None while there is none, or none of its own."""
        ...

    @property
    def model(self) -> str | None:
        """The model that is loaded; None when the next painting has to read one."""
        ...

    def paint(self, assignment: Assignment) -> AsyncGenerator[JobEvent]:
        """Yield the job's events, `seq` 0, the last one terminal; raises WorkerDiedError.

        Previews come whole; other large pictures may lie in the assignment's `pictures`.
        """
        ...

    def cancel(self, name: str) -> None:
        """Ask for the end of an assignment; without effect when it is not the current one."""
        ...

    def keep(self, name: str, candidates: frozenset[int]) -> None:
        """Ask for an early end with these candidates as they are."""
        ...

    async def release(self) -> None:
        """Give back what the worker holds, by force if need be; the next paint starts afresh."""
        ...
