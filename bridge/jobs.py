"""The queue: FIFO inside a session, one job of each session in turn, one painted at a time.

Every change of a job is an event in the store; who is connected reads them from there. A job that
was accepted ends with exactly one of finished, cancelled and failed, whatever the worker does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace

from bridge.errors import JobRefusedError, WorkerDiedError
from bridge.logs import about
from bridge.queue import Key, Queue
from bridge.store import Store
from bridge.timeline import StoredJob, without_pictures
from bridge.wire import errors as codes
from bridge.wire.messages import (
    TERMINAL,
    Accepted,
    Cancelled,
    Failed,
    JobEvent,
    Queued,
    Started,
    Submit,
)
from bridge.workers import Assignment, Worker

ATTEMPTS = 2  # a worker may die once on a job
_PLACES_PAUSE = 20.0  # times what telling places took: so little of our time it may take
_FAULT = "The job failed because of a fault in the bridge; its log says more."

log = logging.getLogger(__name__)


@dataclass
class _Active:
    """A job that waits or is painted."""

    stored: StoredJob
    size: int  # bytes of its pictures
    position: int = -1  # the last one told
    cancelled: bool = False
    seed: int | None = None  # told in `Started`; a second attempt paints the same
    patience: asyncio.Timeout | None = field(default=None, repr=False)


class Jobs:
    """Takes jobs, has them painted, records what happens. Used from one event loop."""

    def __init__(
        self,
        worker: Worker,
        store: Store,
        *,
        max_pending: int = 100,
        max_pending_bytes: int = 4 * 2**30,
        idle_s: float = 600.0,
        grace_s: float = 2.0,
    ) -> None:
        """Limits hold for what waits: `max_pending` jobs a session, `max_pending_bytes` in all.

        `grace_s`: how long a cancelled painting may take to end before the worker is ended.
        """
        self._worker = worker
        self._store = store
        self._max_pending = max_pending
        self._max_pending_bytes = max_pending_bytes
        self._idle_s = idle_s
        self._grace_s = grace_s
        self._queue = Queue()
        self._active: dict[Key, _Active] = {}
        self._count: Counter[str] = Counter()  # of the active jobs, by session
        self._bytes = 0  # of the active jobs' pictures
        self._moved = asyncio.Event()  # places changed
        self._painting: Key | None = None
        self._running = False
        self._arrived = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return len(self._active) - (self._painting is not None)

    @property
    def painting(self) -> bool:
        """Whether a job is being painted."""
        return self._painting is not None

    @property
    def running(self) -> bool:
        """Whether what is taken will be painted: not before `run` has begun nor after its end."""
        return self._running

    async def submit(self, job: StoredJob) -> None:
        """Take a job, or raise JobRefusedError."""
        key = Key(job.session, job.submit.job)
        size = _size_of(job.submit)
        self._check(key, size)
        # In the queue before the first await: two submits at once must see each other.
        self._enter(key, _Active(without_pictures(job), size))
        try:
            await self._store.add_job(job)
        except OSError as error:
            self._leave(key)
            log.exception("The job cannot be stored.")
            raise JobRefusedError(
                codes.STORAGE_FAILED,
                "The job is not taken because the bridge cannot write to its state folder"
                f" ({error.strerror}). Free some space there and send it again.",
            ) from error
        self._queue.add(key, first=job.submit.first)
        position = self._queue.place(key) + (self._painting is not None)
        self._active[key].position = position
        await self._store.record(key.session, Accepted(0, key.job, position))
        self._arrived.set()
        self._moved.set()

    async def resume(self) -> None:
        """Queue again what an earlier bridge left unfinished; called once, before `run`."""
        for job in self._store.unfinished():
            key = Key(job.session, job.submit.job)
            if job.submit.on_disconnect == "cancel":  # nobody is connected yet
                await self._store.record(key.session, Cancelled(0, key.job))
                continue
            self._enter(key, _Active(without_pictures(job), _size_of(job.submit)))
            self._queue.add(key)
            self._arrived.set()
        self._moved.set()

    async def cancel(self, session: str, job: str) -> None:
        """Ask for a job's end; idempotent, and without effect on one that has ended."""
        key = Key(session, job)
        active = self._active.get(key)
        if active is None or active.cancelled:
            return
        if key == self._painting:
            active.cancelled = True
            self._worker.cancel(str(key))
            if active.patience is not None:
                active.patience.reschedule(asyncio.get_running_loop().time() + self._grace_s)
        elif self._queue.remove(key):
            self._leave(key)
            await self._store.record(session, Cancelled(0, job))
            self._moved.set()

    def keep(self, session: str, job: str, candidates: frozenset[int]) -> None:
        """End a painting early; raises JobRefusedError for a job that still waits."""
        key = Key(session, job)
        if key == self._painting:
            self._worker.keep(str(key), candidates)
        elif key in self._active:
            raise JobRefusedError(
                codes.OUT_OF_ORDER,
                "The job waits in the queue, so there is nothing to keep yet. Cancel it, or ask"
                " again when it is being painted.",
                param="job",
            )

    async def abandon(self, session: str) -> None:
        """Cancel what the session wanted cancelled when its last connection ends."""
        for key, active in list(self._active.items()):
            if key.session == session and active.stored.submit.on_disconnect == "cancel":
                await self.cancel(key.session, key.job)

    async def run(self) -> None:
        """Paint what comes, until cancelled."""
        self._running = True
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._tell_places())
                await self._paint_on()
        finally:
            self._running = False
            await asyncio.shield(self._worker.release())

    async def _paint_on(self) -> None:
        while True:
            key = self._queue.take()
            if key is None:
                await self._idle()
            else:
                with about(key.job):
                    await self._work(key)

    async def _idle(self) -> None:
        """Wait for a job; give back the worker's memory when none comes for long."""
        self._arrived.clear()
        try:
            async with asyncio.timeout(self._idle_s):
                await self._arrived.wait()
        except TimeoutError:
            await self._worker.release()
            await self._arrived.wait()

    async def _work(self, key: Key) -> None:
        active = self._active[key]
        self._painting = key
        active.position = 0
        self._moved.set()
        try:
            end = await self._end_of(key, active)
        except Exception:
            log.exception("The job failed because of a fault in the bridge.")
            end = Failed(0, key.job, codes.INTERNAL, _FAULT)
        finally:
            self._painting = None
        self._leave(key)
        await self._store.record(key.session, end)
        log.info("The job ended: %s.", end.type)

    async def _end_of(self, key: Key, active: _Active) -> JobEvent:
        """Have the job painted and return its terminal event, which is not recorded yet."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._attempt(key, active)
            except WorkerDiedError as error:
                log.warning("Attempt %d of %d: %s", attempt, ATTEMPTS, error)
            except TimeoutError:
                log.warning("A cancelled painting did not end in time; its worker was ended.")
            except OSError as error:
                log.exception("A result cannot be stored.")
                return Failed(0, key.job, codes.STORAGE_FAILED, _disk_sentence(error))
            if active.cancelled:
                return Cancelled(0, key.job)
        return Failed(
            0,
            key.job,
            codes.WORKER_DIED,
            f"The process that paints ended {ATTEMPTS} times on this job, which was given up. A"
            " smaller picture or fewer candidates may fit into memory; the bridge's log says more.",
        )

    async def _attempt(self, key: Key, active: _Active) -> JobEvent:
        submit = self._store.submit_of(key.session, key.job)
        if submit.seed is None and active.seed is not None:
            submit = replace(submit, seed=active.seed)
        assignment = Assignment(
            str(key),
            submit,
            active.stored.preview_codec,
            active.stored.preview_side,
            self._store.pictures,
        )
        async with contextlib.aclosing(self._worker.paint(assignment)) as events:
            while True:
                event = await self._next(events, active)
                if isinstance(event, TERMINAL):
                    return event
                if isinstance(event, Started):
                    active.seed = event.seed
                await self._store.record(key.session, event)

    async def _next(self, events: AsyncGenerator[JobEvent], active: _Active) -> JobEvent:
        """Return the next event; TimeoutError when a cancelled painting does not end."""
        patience = self._grace_s if active.cancelled else None
        async with asyncio.timeout(patience) as active.patience:
            try:
                return await anext(events)
            except StopAsyncIteration:
                raise WorkerDiedError("The worker ended a job without saying how.") from None
            finally:
                active.patience = None

    def _check(self, key: Key, size: int) -> None:
        if key in self._active or self._store.has_job(key.session, key.job):
            raise JobRefusedError(
                codes.DUPLICATE_JOB,
                f"This session already has a job {key.job}; its events come with resume, its"
                " results with fetch. Give a new job a new UUID.",
                param="job",
            )
        painting = self._painting is not None and self._painting.session == key.session
        if self._count[key.session] - painting >= self._max_pending:
            raise JobRefusedError(
                codes.QUEUE_FULL,
                f"{self._max_pending} jobs of this session wait already, which is the limit. Send"
                " this one again when one of them has ended.",
            )
        if self._bytes and self._bytes + size > self._max_pending_bytes:
            raise JobRefusedError(
                codes.QUEUE_FULL,
                f"The pictures of waiting jobs take {self._bytes} bytes, this one's {size};"
                f" accepted are {self._max_pending_bytes} in all. Send it again when a job has"
                " ended.",
                param="image",
            )

    def _enter(self, key: Key, active: _Active) -> None:
        self._active[key] = active
        self._count[key.session] += 1
        self._bytes += active.size

    def _leave(self, key: Key) -> None:
        self._bytes -= self._active.pop(key).size
        self._count[key.session] -= 1
        if not self._count[key.session]:
            del self._count[key.session]

    async def _tell_places(self) -> None:
        """Tell every waiting job its place, where that changed, until cancelled.

        Not at every change: with hundreds waiting that would take longer than painting.
        """
        clock = asyncio.get_running_loop().time
        while True:
            await self._moved.wait()
            self._moved.clear()
            began = clock()
            ahead = 0 if self._painting is None else 1
            for place, key in enumerate(self._queue.order()):
                await self._tell_place(key, ahead + place)
            await asyncio.sleep(_PLACES_PAUSE * (clock() - began))

    async def _tell_place(self, key: Key, position: int) -> None:
        active = self._active.get(key)
        if active is not None and active.position != position and key != self._painting:
            active.position = position
            await self._store.record(key.session, Queued(0, key.job, position))


def _size_of(submit: Submit) -> int:
    """Return the bytes of a job's pictures, decoded."""
    pictures = (submit.image, submit.mask, submit.second_image)
    return sum(one.width * one.height * 4 for one in pictures if one is not None)


def _disk_sentence(error: OSError) -> str:
    return (
        f"A result could not be written to the bridge's state folder ({error.strerror}). Free some"
        " space there and send the job again."
    )
