"""What happened in every session: the seam between the running bridge and what outlives it.

A session's events stand in one line by their `seq`, each in a slot; a newer event of the same slot
(the next preview of a candidate, the next place in the queue) takes the older one's place. So a
client is a cursor into the line: a slow one sees only what is newest, one that comes back goes on
where it was, and neither costs memory of its own.
"""

from __future__ import annotations

import bisect
import dataclasses
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from bridge.wire.messages import (
    TERMINAL,
    Accepted,
    JobEvent,
    JobSummary,
    Loading,
    Painted,
    Preview,
    PreviewCodec,
    Queued,
    Started,
    Submit,
)

Clock = Callable[[], float]
Slot = tuple[str, int]  # type of the event, candidate or -1
_ENDS = frozenset(event.type for event in TERMINAL)
_PASSING = frozenset({Accepted.type, Queued.type, Loading.type, Preview.type})


@dataclass(frozen=True, slots=True)
class StoredJob:
    """A job that is known, its pictures resolved."""

    session: str
    submit: Submit
    preview_codec: PreviewCodec
    preview_side: int
    created: float  # seconds since the epoch


class Store(Protocol):
    """Keeps jobs and events; a job or event is kept when the call returns."""

    async def add_job(self, job: StoredJob) -> None:
        """Keep a job before it is accepted."""
        ...

    def has_job(self, session: str, job: str) -> bool:
        """Tell whether the session has a job of this name, ended or not."""
        ...

    async def record(self, session: str, event: JobEvent) -> JobEvent:
        """Keep an event and return it with its `seq`; the session's watchers are called."""
        ...

    async def next_after(self, session: str, seq: int) -> JobEvent | None:
        """Return the session's first event after `seq`, or None when there is none yet."""
        ...

    async def event(self, session: str, seq: int) -> JobEvent | None:
        """Return one event, or None when it is no longer kept."""
        ...

    def newest(self, session: str) -> int:
        """Return the highest `seq` given in the session; 0 for a new one."""
        ...

    def results(self, session: str, job: str) -> list[int]:
        """Return the `seq` of what a job left: start, results, end; empty for an unknown one."""
        ...

    def end_of(self, session: str, job: str) -> int | None:
        """Return the `seq` of a job's terminal event, or None while it has none."""
        ...

    def summaries(self, session: str) -> list[JobSummary]:
        """Return the session's jobs, newest first."""
        ...

    def watch(self, session: str, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` after every event of the session; returns what ends that."""
        ...

    def unfinished(self) -> list[StoredJob]:
        """Return the jobs without an end, oldest first."""
        ...

    async def sweep(self) -> None:
        """Forget ended jobs that are older than results are kept."""
        ...


@dataclass
class _Job:
    stored: StoredJob
    slots: dict[Slot, int] = field(default_factory=dict)
    state: str = "queued"
    ended: float | None = None


class Timeline:
    """One session's jobs and events, in memory."""

    def __init__(self, newest: int = 0) -> None:
        self.newest = newest
        self.jobs: dict[str, _Job] = {}
        self.watchers: list[Callable[[], None]] = []
        self._events: dict[int, JobEvent] = {}
        self._seqs: list[int] = []  # of the events that are kept, rising

    def add(self, event: JobEvent, now: float) -> JobEvent:
        """Return the event with its `seq`, put in line; raises KeyError for an unknown job."""
        job = self.jobs[event.job]
        self.newest += 1
        numbered = dataclasses.replace(event, seq=self.newest)
        self._drop(job, [slot_of(event)])
        if isinstance(event, TERMINAL):
            self._drop(job, [slot for slot in job.slots if slot[0] in _PASSING])
            job.ended = now
            job.stored = without_pictures(job.stored)
        job.state = _STATES.get(event.type, job.state)
        job.slots[slot_of(event)] = numbered.seq
        self._events[numbered.seq] = numbered
        self._seqs.append(numbered.seq)
        return numbered

    def next_after(self, seq: int) -> JobEvent | None:
        """Return the first event after `seq`."""
        index = bisect.bisect_right(self._seqs, seq)
        return self._events[self._seqs[index]] if index < len(self._seqs) else None

    def event(self, seq: int) -> JobEvent | None:
        """Return the event of this `seq`, if it is kept."""
        return self._events.get(seq)

    def forget(self, name: str) -> None:
        """Drop a job and its events."""
        job = self.jobs.pop(name)
        self._drop(job, list(job.slots))

    def _drop(self, job: _Job, slots: Iterable[Slot]) -> None:
        for slot in slots:
            seq = job.slots.pop(slot, None)
            if seq is not None:
                del self._events[seq]
                del self._seqs[bisect.bisect_left(self._seqs, seq)]


class MemoryStore:
    """Keeps everything in memory, for as long as the bridge runs."""

    def __init__(
        self, ttl_s: float = 7 * 24 * 3600.0, keep_bytes: int = 2**30, clock: Clock = time.time
    ) -> None:
        self._ttl_s = ttl_s
        self._keep_bytes = keep_bytes
        self._clock = clock
        self._sessions: dict[str, Timeline] = {}

    async def add_job(self, job: StoredJob) -> None:
        """Keep a job before it is accepted."""
        self._timeline(job.session).jobs[job.submit.job] = _Job(job)

    def has_job(self, session: str, job: str) -> bool:
        """Tell whether the session has a job of this name, ended or not."""
        return session in self._sessions and job in self._sessions[session].jobs

    async def record(self, session: str, event: JobEvent) -> JobEvent:
        """Keep an event and return it with its `seq`; the session's watchers are called."""
        timeline = self._timeline(session)
        numbered = timeline.add(event, self._clock())
        for changed in timeline.watchers:
            changed()
        return numbered

    async def next_after(self, session: str, seq: int) -> JobEvent | None:
        """Return the session's first event after `seq`, or None when there is none yet."""
        return self._timeline(session).next_after(seq)

    async def event(self, session: str, seq: int) -> JobEvent | None:
        """Return one event, or None when it is no longer kept."""
        return self._timeline(session).event(seq)

    def newest(self, session: str) -> int:
        """Return the highest `seq` given in the session; 0 for a new one."""
        return self._sessions[session].newest if session in self._sessions else 0

    def results(self, session: str, job: str) -> list[int]:
        """Return the `seq` of what a job left: start, results, end; empty for an unknown one."""
        if not self.has_job(session, job):
            return []
        slots = self._sessions[session].jobs[job].slots
        return sorted(seq for (kind, _), seq in slots.items() if kind not in _PASSING)

    def end_of(self, session: str, job: str) -> int | None:
        """Return the `seq` of a job's terminal event, or None while it has none."""
        if not self.has_job(session, job):
            return None
        slots = self._sessions[session].jobs[job].slots
        return next((seq for (kind, _), seq in slots.items() if kind in _ENDS), None)

    def summaries(self, session: str) -> list[JobSummary]:
        """Return the session's jobs, newest first."""
        jobs = self._sessions[session].jobs.values() if session in self._sessions else ()
        return [_summary(job) for job in sorted(jobs, key=_created, reverse=True)]

    def watch(self, session: str, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` after every event of the session; returns what ends that."""
        watchers = self._timeline(session).watchers
        watchers.append(changed)
        return lambda: watchers.remove(changed)

    def unfinished(self) -> list[StoredJob]:
        """Return the jobs without an end, oldest first."""
        jobs = (job for line in self._sessions.values() for job in line.jobs.values())
        return [job.stored for job in sorted(jobs, key=_created) if job.ended is None]

    async def sweep(self) -> None:
        """Forget ended jobs that are too old, and the oldest ones beyond `keep_bytes`."""
        room = self._keep_bytes
        now = self._clock()
        ended = [
            (job.ended, line, job)
            for line in self._sessions.values()
            for job in line.jobs.values()
            if job.ended is not None
        ]
        for at, line, job in sorted(ended, key=lambda item: item[0], reverse=True):
            room -= sum(_weight(line.event(seq)) for seq in job.slots.values())
            if room < 0 or now - at > self._ttl_s:
                line.forget(job.stored.submit.job)
        for session in [name for name, line in self._sessions.items() if _idle(line)]:
            del self._sessions[session]

    def _timeline(self, session: str) -> Timeline:
        return self._sessions.setdefault(session, Timeline())


def without_pictures(job: StoredJob) -> StoredJob:
    """Return the job as history needs it."""
    return dataclasses.replace(job, submit=dataclasses.replace(job.submit, image=None, mask=None))


def slot_of(event: JobEvent) -> Slot:
    """Return the slot in which an event is the newest."""
    return event.type, event.candidate if isinstance(event, Preview | Painted) else -1


_STATES = {
    Loading.type: "loading",
    Started.type: "painting",
    "finished": "finished",
    "cancelled": "cancelled",
    "failed": "failed",
}


def _summary(job: _Job) -> JobSummary:
    results = sorted(candidate for kind, candidate in job.slots if kind == Painted.type)
    submit = job.stored.submit
    return JobSummary(submit.job, job.state, submit.prompt, job.stored.created, results)


def _created(job: _Job) -> float:
    return job.stored.created


def _weight(event: JobEvent | None) -> int:
    return len(event.picture.data) if isinstance(event, Painted) else 0


def _idle(line: Timeline) -> bool:
    # A session with a history keeps its numbers: a client may come back and ask what is new.
    return not line.jobs and not line.watchers and line.newest == 0
