"""What happened in every session, and what of it outlives the bridge.

The store answers from memory; a journal keeps on disk what must last. A job is in the journal
before it is accepted and a result before it is announced; what only passes (places in the queue) is
not worth the writing. Of previews the newest is written now and then, and the last at the end.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable, Iterable, Iterator

from bridge.blobs import Blobs, blob_names
from bridge.keeping import Journal, NoJournal, Remembered
from bridge.timeline import PASSING, KnownJob, StoredJob, Timeline, without_pictures
from bridge.wire.messages import TERMINAL, JobEvent, JobSummary, Painted, Preview, Submit

Clock = Callable[[], float]
PREVIEW_KEPT_S = 1.0  # a bridge that is killed loses no more of what could be seen
SEQ_BLOCK = 1000  # numbers are promised to the journal in blocks: a restart never gives one twice

log = logging.getLogger(__name__)


class Store:
    """Jobs and events of all sessions. Used from one event loop."""

    def __init__(
        self,
        journal: Journal | None = None,
        *,
        ttl_s: float = 7 * 24 * 3600.0,
        keep_bytes: int = 20 * 2**30,
        clock: Clock = time.time,
    ) -> None:
        """`ttl_s`, `keep_bytes`: how long and how much of ended jobs is kept."""
        self._journal = journal or NoJournal()
        self._ttl_s = ttl_s
        self._keep_bytes = keep_bytes
        self._clock = clock
        self._promised: dict[str, int] = {}
        self._sessions: dict[str, Timeline] = {}
        self._observers: list[Callable[[str, JobEvent], None]] = []
        for session in self._journal.remembered():
            self._sessions[session.session] = _timeline_of(session)
            self._promised[session.session] = session.ceiling

    async def add_job(self, job: StoredJob) -> None:
        """Keep a job before it is accepted; raises OSError."""
        kept = await self._journal.keep_job(job)
        self._timeline(job.session).jobs[job.submit.job] = KnownJob(kept)

    @property
    def pictures(self) -> Blobs | None:
        """Where the large pictures of submits and results lie; None = in them."""
        return self._journal.pictures

    def submit_of(self, session: str, job: str) -> Submit:
        """Return what was submitted, its large pictures in `pictures`; raises KeyError."""
        return self._sessions[session].jobs[job].stored.submit

    async def record(self, session: str, event: JobEvent) -> JobEvent:
        """Keep an event, number it, and call the session's watchers.

        Raises OSError for a result that cannot be kept; an end is announced nevertheless.
        """
        timeline = self._timeline(session)
        # A preview soon gives way to the next: its pixels stay in memory.
        light = event if isinstance(event, Preview) else await self._journal.lighter(event)
        numbered = dataclasses.replace(light, seq=timeline.newest + 1)
        now = self._clock()
        if isinstance(numbered, Preview):
            self._promise(session, numbered.seq)
            self._keep_preview(session, numbered, timeline.jobs[event.job], now)
            lasts = True
        else:
            lasts = self._keep(session, numbered, now)
        self._drop_pictures(timeline.add(numbered, now))
        if isinstance(event, TERMINAL):
            self._settle_previews(session, timeline, timeline.jobs[event.job])
            self._let_inputs_go(timeline.jobs[event.job], needed=not lasts)
        for changed in timeline.watchers:
            changed()
        for saw in self._observers:
            saw(session, numbered)
        return numbered

    async def next_after(self, session: str, seq: int) -> JobEvent | None:
        """Return the session's first event after `seq`, or None when there is none yet."""
        timeline = self._timeline(session)
        while (event := timeline.next_after(seq)) is not None:
            seq = event.seq
            whole = await self._whole(event)
            if whole is not None:
                return whole
        return None

    async def event(self, session: str, seq: int) -> JobEvent | None:
        """Return one event, or None when it is no longer kept."""
        event = self._timeline(session).event(seq)
        return None if event is None else await self._whole(event)

    def events_of(self, session: str, job: str) -> list[JobEvent]:
        """Return what is kept of one job, in order; large results are whole with `event` only."""
        known = self._job(session, job)
        return self._sessions[session].events_of(known) if known else []

    def has_job(self, session: str, job: str) -> bool:
        """Tell whether the session has a job of this name, ended or not."""
        return self._job(session, job) is not None

    def newest(self, session: str) -> int:
        """Return the highest `seq` given in the session; 0 for a new one."""
        return self._sessions[session].newest if session in self._sessions else 0

    def results(self, session: str, job: str) -> list[int]:
        """Return the `seq` of what a job left: start, results, end; empty for an unknown one."""
        known = self._job(session, job)
        return known.lasting if known else []

    def end_of(self, session: str, job: str) -> int | None:
        """Return the `seq` of a job's terminal event, or None while it has none."""
        known = self._job(session, job)
        return known.end if known else None

    def summaries(self, session: str) -> list[JobSummary]:
        """Return the session's jobs, newest first."""
        jobs = self._sessions[session].jobs.values() if session in self._sessions else ()
        return [job.summary for job in sorted(jobs, key=_created, reverse=True)]

    def watch(self, session: str, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` after every event of the session; returns what ends that."""
        watchers = self._timeline(session).watchers
        watchers.append(changed)
        return lambda: watchers.remove(changed)

    def observe(self, saw: Callable[[str, JobEvent], None]) -> None:
        """Call `saw` with every session and event from now on, without the large pictures."""
        self._observers.append(saw)

    def unfinished(self) -> list[StoredJob]:
        """Return the jobs without an end, those of a session in the order they came."""
        return [job.stored for _, job in self._known() if job.ended is None]

    async def sweep(self) -> None:
        """Forget ended jobs that are too old, and the oldest ones beyond `keep_bytes`."""
        now, room = self._clock(), self._keep_bytes
        for line, job in sorted(self._known(), key=_age, reverse=True):
            if job.ended is None:
                continue
            room -= sum(map(_weight, line.events_of(job)))
            if room < 0 or now - job.ended > self._ttl_s:
                self._forget(line, job)

    def close(self) -> None:
        """End orderly; called when nothing is recorded any more."""
        self._journal.close()

    def _keep(self, session: str, event: JobEvent, now: float) -> bool:
        """Keep an event that lasts; False for an end that cannot be kept."""
        if event.type in PASSING:
            self._promise(session, event.seq)
            return True
        try:
            self._promise(session, event.seq)
            self._journal.keep_event(session, event, now)
        except OSError:
            if not isinstance(event, TERMINAL):
                self._drop_pictures([event])
                raise
            log.exception("The end of a job cannot be kept; a restart would paint it again.")
            return False
        return True

    def _keep_preview(self, session: str, preview: Preview, job: KnownJob, now: float) -> None:
        """Keep a preview unless one of its candidate was kept a moment ago."""
        # A clock that jumped back must not keep it from being written.
        if 0.0 <= now - job.previews_kept.get(preview.candidate, float("-inf")) < PREVIEW_KEPT_S:
            return
        job.previews_kept[preview.candidate] = now
        try:
            self._journal.keep_event(session, preview, now)
        except OSError as error:  # no reason to end a painting; a result that cannot be kept is
            log.warning("A preview cannot be kept: %s", error)

    def _settle_previews(self, session: str, timeline: Timeline, job: KnownJob) -> None:
        """Move the last previews of an ended job out of memory."""
        job.previews_kept.clear()
        previews = timeline.previews_of(job)
        if not previews:
            return
        try:
            for light in self._journal.keep_previews(session, previews):
                timeline.hold(light)
        except OSError as error:
            log.warning("The last previews of a job cannot be kept: %s", error)

    def _promise(self, session: str, seq: int) -> None:
        if seq > self._promised.get(session, 0):
            self._promised[session] = seq + SEQ_BLOCK
            self._journal.promise(session, seq + SEQ_BLOCK)

    def _drop_pictures(self, gone: Iterable[JobEvent]) -> None:
        names = [name for event in gone for name in blob_names(event)]
        if names:
            self._journal.drop(names)

    def _let_inputs_go(self, job: KnownJob, *, needed: bool) -> None:
        names = blob_names(job.stored.submit)
        job.stored = without_pictures(job.stored)
        if not needed:
            self._journal.drop(names)

    def _forget(self, line: Timeline, job: KnownJob) -> None:
        names = [name for event in line.events_of(job) for name in blob_names(event)]
        line.forget(job)
        self._journal.forget(job.stored)
        self._journal.drop(names)

    async def _whole(self, event: JobEvent) -> JobEvent | None:
        try:
            return await self._journal.whole(event)
        except OSError as error:  # gone, or the disk has a fault: the others can still be had
            log.warning("A picture of job %s cannot be read: %s", event.job, error)
            return None

    def _job(self, session: str, job: str) -> KnownJob | None:
        return self._sessions[session].jobs.get(job) if session in self._sessions else None

    def _known(self) -> Iterator[tuple[Timeline, KnownJob]]:
        for line in list(self._sessions.values()):
            for job in list(line.jobs.values()):
                yield line, job

    def _timeline(self, session: str) -> Timeline:
        return self._sessions.setdefault(session, Timeline())


def _timeline_of(session: Remembered) -> Timeline:
    timeline = Timeline(session.ceiling)
    ends = {stored.submit.job: ended for stored, ended in session.jobs}
    for stored, ended in session.jobs:
        timeline.jobs[stored.submit.job] = KnownJob(stored, ended)
    for event in session.events:
        timeline.add(event, ends[event.job] or 0.0)
    return timeline


def _created(job: KnownJob) -> float:
    return job.stored.created


def _age(item: tuple[Timeline, KnownJob]) -> float:
    return item[1].stored.created


def _weight(event: JobEvent) -> int:
    picture = event.picture if isinstance(event, Painted) else None
    return picture.width * picture.height * 4 if picture else 0
