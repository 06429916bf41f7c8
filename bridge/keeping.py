"""What a store asks of whoever keeps things beyond the bridge's life."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from bridge.blobs import Blobs, Carrier
from bridge.timeline import StoredJob
from bridge.wire.messages import JobEvent, Preview


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a journal knows of one session from the bridge's last life."""

    session: str
    ceiling: int  # no event has a higher `seq`
    jobs: tuple[tuple[StoredJob, float | None], ...]  # with the time of the end
    events: tuple[JobEvent, ...]


class Journal(Protocol):
    """Keeps what must last. Raises OSError where it cannot."""

    @property
    def pictures(self) -> Blobs | None:
        """Where large pictures lie, for whoever reads or puts one there; None = nowhere."""
        ...

    async def keep_job(self, job: StoredJob) -> StoredJob:
        """Keep a job with its pictures; return it as it is to be held in memory."""
        ...

    async def lighter(self, event: JobEvent) -> JobEvent:
        """Keep an event's large picture; return the event as it is to be held in memory."""
        ...

    def keep_event(self, session: str, event: JobEvent, now: float) -> None:
        """Keep an event that `lighter` returned, numbered."""
        ...

    def keep_previews(self, session: str, previews: list[Preview]) -> list[Preview]:
        """Keep the last previews of an ended job; return them as they are to be held in memory."""
        ...

    def promise(self, session: str, ceiling: int) -> None:
        """Keep that no event of the session has a higher `seq`."""
        ...

    async def whole(self, message: Carrier) -> Carrier:
        """Return a message with its pictures; FileNotFoundError when they are gone."""
        ...

    def forget(self, job: StoredJob) -> None:
        """Drop a job and its events."""
        ...

    def drop(self, blobs: Iterable[str]) -> None:
        """Drop pictures that nothing needs any more."""
        ...

    def remembered(self) -> Iterable[Remembered]:
        """Return what was kept; called once."""
        ...

    def close(self) -> None:
        """End orderly."""
        ...


class NoJournal:
    """Forgets everything with the bridge; for tests."""

    pictures: Blobs | None = None

    async def keep_job(self, job: StoredJob) -> StoredJob:
        """Return the job."""
        return job

    async def lighter(self, event: JobEvent) -> JobEvent:
        """Return the event."""
        return event

    def keep_event(self, session: str, event: JobEvent, now: float) -> None:
        """Keep nothing."""

    def keep_previews(self, session: str, previews: list[Preview]) -> list[Preview]:  # noqa: ARG002
        """Return the previews."""
        return previews

    def promise(self, session: str, ceiling: int) -> None:
        """Keep nothing."""

    async def whole(self, message: Carrier) -> Carrier:
        """Return the message."""
        return message

    def forget(self, job: StoredJob) -> None:
        """Keep nothing."""

    def drop(self, blobs: Iterable[str]) -> None:
        """Keep nothing."""

    def remembered(self) -> Iterable[Remembered]:
        """Return nothing."""
        return ()

    def close(self) -> None:
        """Do nothing."""
