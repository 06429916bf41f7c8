"""One session's events in a line by their `seq`, each in a slot.

A newer event of the same slot (the next preview of a candidate, the next place in the queue) takes
the older one's place. So a client is a cursor into the line: a slow one sees only what is newest,
one that comes back goes on where it was, and neither costs memory of its own.
"""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bridge.wire.messages import (
    TERMINAL,
    Accepted,
    Cancelled,
    Failed,
    Finished,
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

Slot = tuple[str, int]  # type of the event, candidate or -1
PASSING = frozenset({Accepted.type, Queued.type, Loading.type})  # gone with the end
_PAINTED = Painted.type
_ENDS = frozenset(event.type for event in TERMINAL)
_STATES = {
    Queued.type: "queued",
    Loading.type: "loading",
    Started.type: "painting",
    Finished.type: "finished",
    Cancelled.type: "cancelled",
    Failed.type: "failed",
}


@dataclass(frozen=True, slots=True)
class StoredJob:
    """A job that is known."""

    session: str
    submit: Submit
    preview_codec: PreviewCodec
    preview_side: int
    created: float  # seconds since the epoch


@dataclass
class KnownJob:
    """A job and where its events are in line."""

    stored: StoredJob
    ended: float | None = None  # seconds since the epoch
    state: str = "queued"
    slots: dict[Slot, int] = field(default_factory=dict)
    previews_kept: dict[int, float] = field(default_factory=dict)  # candidate: when, on disk

    @property
    def end(self) -> int | None:
        """The `seq` of the terminal event."""
        return next((seq for (kind, _), seq in self.slots.items() if kind in _ENDS), None)

    @property
    def lasting(self) -> list[int]:
        """The `seq` of what stays after the end: start, results, end, previews without result."""
        surpassed = self.surpassed
        return sorted(seq for slot, seq in self.slots.items() if slot not in surpassed)

    @property
    def surpassed(self) -> list[Slot]:
        """What the end makes needless: places in the queue, and previews of what has a result."""
        results = {(Preview.type, candidate) for kind, candidate in self.slots if kind == _PAINTED}
        return [slot for slot in self.slots if slot[0] in PASSING or slot in results]

    @property
    def summary(self) -> JobSummary:
        """The job's line in the session's history."""
        results = sorted(candidate for kind, candidate in self.slots if kind == Painted.type)
        submit = self.stored.submit
        return JobSummary(submit.job, self.state, submit.prompt, self.stored.created, results)


class Timeline:
    """A session's jobs and events."""

    def __init__(self, newest: int = 0) -> None:
        """Go on after the event `newest`."""
        self.newest = newest
        self.jobs: dict[str, KnownJob] = {}
        self.watchers: list[Callable[[], None]] = []
        self._events: dict[int, JobEvent] = {}
        self._seqs: list[int] = []  # of the events that are kept, rising

    def add(self, event: JobEvent, now: float) -> list[JobEvent]:
        """Put a numbered event into its slot; return those whose place it took.

        Raises KeyError for an unknown job.
        """
        job = self.jobs[event.job]
        slot = slot_of(event)
        gone = self._drop(job, [slot])
        if isinstance(event, TERMINAL):
            gone += self._drop(job, job.surpassed)
            job.ended = now
        job.state = _STATES.get(event.type, job.state)
        job.slots[slot] = event.seq
        self._events[event.seq] = event
        bisect.insort(self._seqs, event.seq)
        self.newest = max(self.newest, event.seq)
        return gone

    def next_after(self, seq: int) -> JobEvent | None:
        """Return the first event after `seq`."""
        index = bisect.bisect_right(self._seqs, seq)
        return self._events[self._seqs[index]] if index < len(self._seqs) else None

    def event(self, seq: int) -> JobEvent | None:
        """Return the event of this `seq`, if it is kept."""
        return self._events.get(seq)

    def events_of(self, job: KnownJob) -> list[JobEvent]:
        """Return a job's events, in order."""
        return [self._events[seq] for seq in sorted(job.slots.values())]

    def previews_of(self, job: KnownJob) -> list[Preview]:
        """Return the newest preview of each candidate."""
        return [event for event in self.events_of(job) if isinstance(event, Preview)]

    def hold(self, event: JobEvent) -> None:
        """Hold an event that is in line in another form, such as without its pixels."""
        self._events[event.seq] = event

    def forget(self, job: KnownJob) -> None:
        """Drop a job and its events."""
        del self.jobs[job.stored.submit.job]
        self._drop(job, list(job.slots))

    def _drop(self, job: KnownJob, slots: Iterable[Slot]) -> list[JobEvent]:
        gone: list[JobEvent] = []
        for slot in slots:
            seq = job.slots.pop(slot, None)
            if seq is not None:
                gone.append(self._events.pop(seq))
                del self._seqs[bisect.bisect_left(self._seqs, seq)]
        return gone


def without_pictures(job: StoredJob) -> StoredJob:
    """Return the job as history needs it."""
    return dataclasses.replace(job, submit=dataclasses.replace(job.submit, image=None, mask=None))


def slot_of(event: JobEvent) -> Slot:
    """Return the slot in which an event is the newest."""
    return event.type, event.candidate if isinstance(event, Preview | Painted) else -1
