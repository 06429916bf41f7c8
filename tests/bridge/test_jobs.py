"""The queue's order and every way in which a job ends, with a scripted worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest

from bridge.errors import JobRefusedError, WorkerDiedError
from bridge.jobs import Jobs
from bridge.keeping import NoJournal
from bridge.store import Store
from bridge.timeline import StoredJob
from bridge.wire import errors as codes
from bridge.wire.messages import (
    Accepted,
    Cancelled,
    Failed,
    Finished,
    JobEvent,
    Loading,
    Picture,
    Queued,
    Submit,
)
from bridge.workers import Assignment
from tests.bridge.painters import flat_started

Play = Callable[["Bench"], Coroutine[Any, Any, None]]


@dataclass
class ScriptedWorker:
    """Says Loading, then waits to be told how the job ends; records what it was asked."""

    asked: list[Assignment] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    kept: list[tuple[str, frozenset[int]]] = field(default_factory=list)
    given_back: asyncio.Event = field(default_factory=asyncio.Event)
    deaf: bool = False
    ends: asyncio.Queue[JobEvent | Exception | None] = field(default_factory=asyncio.Queue)

    async def paint(self, assignment: Assignment) -> AsyncGenerator[JobEvent]:
        job = assignment.submit.job
        self.asked.append(assignment)
        yield Loading(0, job, "scripted")
        yield flat_started(job, seed=77)
        end = await self.ends.get()
        if isinstance(end, Exception):
            raise end
        if end is not None:
            yield end

    def finish(self, job: str) -> None:
        self.ends.put_nowait(Finished(0, job, [0], 1.0))

    def cancel(self, name: str) -> None:
        self.cancelled.append(name)
        if not self.deaf:
            self.ends.put_nowait(Cancelled(0, name.partition("/")[2]))

    def keep(self, name: str, candidates: frozenset[int]) -> None:
        self.kept.append((name, candidates))

    async def release(self) -> None:
        self.given_back.set()


@dataclass
class Bench:
    """Jobs, their worker and their store, on a running loop."""

    worker: ScriptedWorker
    store: Store
    jobs: Jobs

    async def submit(self, session: str, job: str, **fields: Any) -> None:
        submit = Submit(job, "generate", **fields)
        await self.jobs.submit(StoredJob(session, submit, "jpeg", 256, 0.0))

    async def told(
        self, session: str, job: str, kind: type[JobEvent], position: int | None = None
    ) -> Any:
        """Return the newest event of a kind (which tells of a place), as soon as there is one."""
        async with asyncio.timeout(60):
            while True:
                for event in await self.line(session):
                    if event.job != job or not isinstance(event, kind):
                        continue
                    if position is None or getattr(event, "position", None) == position:
                        return event
                await asyncio.sleep(0)

    async def line(self, session: str) -> list[JobEvent]:
        line: list[JobEvent] = []
        seq = 0
        while (event := await self.store.next_after(session, seq)) is not None:
            line.append(event)
            seq = event.seq
        return line


def on_a_bench(play: Play, **options: Any) -> None:
    async def run() -> None:
        worker, store = ScriptedWorker(), Store()
        bench = Bench(worker, store, Jobs(worker, store, **options))
        async with asyncio.TaskGroup() as group:
            runner = group.create_task(bench.jobs.run())
            await play(bench)
            runner.cancel()

    asyncio.run(run())


def test_a_job_is_accepted_painted_and_ended() -> None:
    async def play(bench: Bench) -> None:
        await bench.submit("s", "1")
        assert (await bench.told("s", "1", Accepted)).position == 0
        await bench.told("s", "1", Loading)
        bench.worker.finish("1")
        end = await bench.told("s", "1", Finished)
        assert end.seq == bench.store.newest("s")

    on_a_bench(play)


def test_places_are_told_when_they_change() -> None:
    async def play(bench: Bench) -> None:
        await bench.submit("s", "1")
        await bench.told("s", "1", Loading)
        for job in ("2", "3"):
            await bench.submit("s", job)
        assert (await bench.told("s", "3", Accepted)).position == 2
        await bench.submit("s", "0", first=True)
        assert (await bench.told("s", "0", Accepted)).position == 1
        await bench.told("s", "3", Queued, position=3)
        await bench.jobs.cancel("s", "0")
        await bench.told("s", "3", Queued, position=2)

    on_a_bench(play)


def test_a_waiting_job_is_cancelled_without_the_worker() -> None:
    async def play(bench: Bench) -> None:
        await bench.submit("s", "1")
        await bench.submit("s", "2")
        await bench.told("s", "1", Loading)
        for _ in range(2):
            await bench.jobs.cancel("s", "2")
        await bench.told("s", "2", Cancelled)
        assert bench.worker.cancelled == []
        await bench.jobs.cancel("another", "1")
        assert bench.worker.cancelled == []

    on_a_bench(play)


def test_a_painting_is_cancelled_once() -> None:
    async def play(bench: Bench) -> None:
        await bench.submit("s", "1")
        await bench.told("s", "1", Loading)
        for _ in range(3):
            await bench.jobs.cancel("s", "1")
        await bench.told("s", "1", Cancelled)
        assert bench.worker.cancelled == ["s/1"]

    on_a_bench(play)


def test_a_cancelled_painting_that_goes_on_is_given_up() -> None:
    async def play(bench: Bench) -> None:
        bench.worker.deaf = True
        await bench.submit("s", "1")
        await bench.told("s", "1", Loading)
        await bench.jobs.cancel("s", "1")
        await bench.told("s", "1", Cancelled)

    on_a_bench(play, grace_s=0.01)


def test_a_job_is_tried_once_more_with_the_seed_that_was_told() -> None:
    async def play(bench: Bench) -> None:
        await bench.submit("s", "1")
        await bench.told("s", "1", Loading)
        bench.worker.ends.put_nowait(WorkerDiedError("It ended."))
        bench.worker.finish("1")
        await bench.told("s", "1", Finished)
        assert [assignment.submit.seed for assignment in bench.worker.asked] == [None, 77]

    on_a_bench(play)


@pytest.mark.parametrize("end", [WorkerDiedError("It ended."), None])
def test_a_job_whose_worker_ends_twice_fails_and_the_next_is_painted(
    end: Exception | None,
) -> None:
    async def play(bench: Bench) -> None:
        await bench.submit("s", "1")
        await bench.submit("s", "2")
        for _ in range(2):
            bench.worker.ends.put_nowait(end)
        failed = await bench.told("s", "1", Failed)
        assert failed.code == codes.WORKER_DIED
        assert "2 times" in failed.message
        bench.worker.finish("2")
        await bench.told("s", "2", Finished)

    on_a_bench(play)


def test_a_job_that_was_cancelled_when_its_worker_died_is_cancelled() -> None:
    async def play(bench: Bench) -> None:
        bench.worker.deaf = True
        await bench.submit("s", "1")
        await bench.told("s", "1", Loading)
        await bench.jobs.cancel("s", "1")
        bench.worker.ends.put_nowait(WorkerDiedError("It ended."))
        await bench.told("s", "1", Cancelled)
        assert len(bench.worker.asked) == 1

    on_a_bench(play)


def test_a_fault_of_our_own_fails_one_job_only() -> None:
    async def play(bench: Bench) -> None:
        await bench.submit("s", "1")
        bench.worker.ends.put_nowait(ZeroDivisionError())
        assert (await bench.told("s", "1", Failed)).code == codes.INTERNAL
        await bench.submit("s", "2")
        bench.worker.finish("2")
        await bench.told("s", "2", Finished)

    on_a_bench(play)


def test_keep_reaches_the_painting_and_not_what_waits() -> None:
    async def play(bench: Bench) -> None:
        await bench.submit("s", "1")
        await bench.submit("s", "2")
        await bench.told("s", "1", Loading)
        bench.jobs.keep("s", "1", frozenset({1}))
        bench.jobs.keep("s", "no such job", frozenset({1}))
        with pytest.raises(JobRefusedError) as refused:
            bench.jobs.keep("s", "2", frozenset({1}))
        assert refused.value.code == codes.OUT_OF_ORDER
        assert bench.worker.kept == [("s/1", frozenset({1}))]

    on_a_bench(play)


def test_a_session_may_only_have_so_many_jobs_waiting() -> None:
    async def play(bench: Bench) -> None:
        await bench.submit("s", "1")
        await bench.told("s", "1", Loading)
        await bench.submit("s", "2")
        await bench.submit("s", "3")
        with pytest.raises(JobRefusedError, match="2 jobs") as refused:
            await bench.submit("s", "4")
        assert refused.value.code == codes.QUEUE_FULL
        await bench.submit("another", "4")
        assert [line.job for line in bench.store.summaries("s")] == ["1", "2", "3"]

    on_a_bench(play, max_pending=2)


def test_waiting_pictures_may_only_take_so_much_room() -> None:
    image = Picture(16, 16, "rgba8", bytes(1024))

    async def play(bench: Bench) -> None:
        await bench.submit("s", "1", image=image)
        await bench.submit("another", "2", image=image)
        with pytest.raises(JobRefusedError, match=r"2048 bytes.*1024.*3000") as refused:
            await bench.submit("s", "3", image=image)
        assert (refused.value.code, refused.value.param) == (codes.QUEUE_FULL, "image")
        await bench.submit("s", "4")

    on_a_bench(play, max_pending_bytes=3000)


def test_a_name_is_used_once_in_a_session() -> None:
    async def play(bench: Bench) -> None:
        await bench.submit("s", "1")
        with pytest.raises(JobRefusedError) as refused:
            await bench.submit("s", "1")
        assert refused.value.code == codes.DUPLICATE_JOB
        await bench.submit("another", "1")

    on_a_bench(play)


def test_a_session_that_is_left_loses_what_it_wanted_to_lose() -> None:
    async def play(bench: Bench) -> None:
        await bench.submit("s", "1", on_disconnect="cancel")
        await bench.submit("s", "2", on_disconnect="cancel")
        await bench.submit("s", "3")
        await bench.told("s", "1", Loading)
        await bench.jobs.abandon("s")
        await bench.told("s", "1", Cancelled)
        await bench.told("s", "2", Cancelled)
        bench.worker.finish("3")
        await bench.told("s", "3", Finished)

    on_a_bench(play)


def test_an_idle_worker_is_released_and_comes_back() -> None:
    async def play(bench: Bench) -> None:
        async with asyncio.timeout(10):
            await bench.worker.given_back.wait()
        await bench.submit("s", "1")
        bench.worker.finish("1")
        await bench.told("s", "1", Finished)

    on_a_bench(play, idle_s=0.001)


def test_unfinished_jobs_are_queued_again() -> None:
    async def run() -> None:
        worker, store = ScriptedWorker(), Store()
        for number, job in enumerate(("1", "2")):
            submit = Submit(job, "generate")
            await store.add_job(StoredJob("s", submit, "jpeg", 256, float(number)))
        bench = Bench(worker, store, Jobs(worker, store))
        await bench.jobs.resume()
        async with asyncio.TaskGroup() as group:
            runner = group.create_task(bench.jobs.run())
            for job in ("1", "2"):
                worker.finish(job)
                await bench.told("s", job, Finished)
            runner.cancel()

    asyncio.run(run())


class BrokenJournal(NoJournal):
    """A disk that fails for jobs, or for results."""

    def __init__(self, fails: str) -> None:
        self.fails = fails

    async def keep_job(self, job: StoredJob) -> StoredJob:
        if self.fails == "jobs":
            raise OSError(28, "No space left on device")
        return job

    def keep_event(self, session: str, event: JobEvent, now: float) -> None:  # noqa: ARG002
        if self.fails == "results":
            raise OSError(28, "No space left on device")


def test_a_job_that_cannot_be_stored_is_not_accepted() -> None:
    async def run() -> None:
        store = Store(BrokenJournal("jobs"))
        jobs = Jobs(ScriptedWorker(), store)
        with pytest.raises(JobRefusedError, match="No space left") as refused:
            await jobs.submit(StoredJob("s", Submit("1", "generate"), "jpeg", 256, 0.0))
        assert refused.value.code == codes.STORAGE_FAILED
        assert not store.has_job("s", "1")
        assert jobs.waiting == 0

    asyncio.run(run())


def test_a_result_that_cannot_be_stored_fails_its_job_with_a_sentence() -> None:
    async def play(bench: Bench) -> None:
        await bench.submit("s", "1")
        failed = await bench.told("s", "1", Failed)
        assert failed.code == codes.STORAGE_FAILED
        assert "No space left" in failed.message

    async def run() -> None:
        worker, store = ScriptedWorker(), Store(BrokenJournal("results"))
        bench = Bench(worker, store, Jobs(worker, store))
        async with asyncio.TaskGroup() as group:
            runner = group.create_task(bench.jobs.run())
            await play(bench)
            runner.cancel()

    asyncio.run(run())


def test_what_was_to_end_with_its_client_is_not_painted_after_a_restart() -> None:
    async def run() -> None:
        store = Store()
        submit = Submit("1", "generate", on_disconnect="cancel")
        await store.add_job(StoredJob("s", submit, "jpeg", 256, 0.0))
        jobs = Jobs(ScriptedWorker(), store)
        await jobs.resume()
        assert jobs.waiting == 0
        assert isinstance(await store.next_after("s", 0), Cancelled)

    asyncio.run(run())
