"""The engine in a process of its own: what survives its death, and what does not survive ours."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from bridge.blobs import Blobs
from bridge.errors import WorkerDiedError
from bridge.server import Parts, running
from bridge.settings import Settings
from bridge.wire import errors as codes
from bridge.wire.messages import (
    TERMINAL,
    Cancel,
    Cancelled,
    Failed,
    Finished,
    JobEvent,
    Loading,
    Painted,
    Picture,
    Preview,
    Started,
)
from bridge.workers import Assignment
from bridge.workers.process import EngineChoice, ProcessWorker, child_environment
from tests.bridge.talk import OFFER, a_submit, connect, hear_until, of_type, paint

FACTORY = "tests.bridge.painters:make"
FLAT = EngineChoice(FACTORY, {})

Play = Callable[[ProcessWorker], Coroutine[Any, Any, None]]


def with_worker(folder: Path, play: Play, engine: EngineChoice = FLAT) -> None:
    async def run() -> None:
        worker = ProcessWorker(Blobs(folder), engine)
        try:
            await play(worker)
        finally:
            await worker.release()

    asyncio.run(run())


async def events_of(worker: ProcessWorker, assignment: Assignment) -> list[JobEvent]:
    async with aclosing(worker.paint(assignment)) as events:
        return [event async for event in events]


def test_a_job_is_painted_and_the_process_stays_warm(tmp_path: Path) -> None:
    async def play(worker: ProcessWorker) -> None:
        assert worker.pid is None
        heard = await events_of(worker, Assignment("s/1", a_submit(seed=3)))
        pid = worker.pid
        assert [painted.picture.data[0] for painted in of_type(heard, Painted)] == [3, 4, 5, 6]
        assert isinstance(heard[-1], Finished)
        again = await events_of(worker, Assignment("s/2", a_submit()))
        assert worker.pid == pid
        loading = of_type(heard, Loading)
        assert loading[0] == heard[0], "nothing is said while the process starts"
        assert len(of_type(again, Loading)) == len(loading) - 1

    with_worker(tmp_path, play)


def test_large_pictures_cross_by_shared_memory_and_leave_nothing(tmp_path: Path) -> None:
    side = 256
    pixels = os.urandom(side * side * 4)
    image = Picture(side, side, "rgba8", pixels)
    mask = Picture(side, side, "gray8", b"\xff" * side * side)

    async def play(worker: ProcessWorker) -> None:
        submit = a_submit("echo", mode="inpaint", image=image, mask=mask, candidates=2)
        heard = await events_of(worker, Assignment("s/1", submit))
        assert [painted.picture.data for painted in of_type(heard, Painted)] == [pixels] * 2

    with_worker(tmp_path, play)
    assert list(tmp_path.iterdir()) == []


def test_cancel_and_keep_reach_a_step_that_is_running(tmp_path: Path) -> None:
    async def play(worker: ProcessWorker) -> None:
        ends = []
        for name in ("cancelled", "kept"):
            async with aclosing(worker.paint(Assignment(name, a_submit("slow")))) as events:
                async for event in events:
                    if isinstance(event, Preview) and event.step == 2:
                        worker.cancel("another")
                        if name == "kept":
                            worker.keep(name, frozenset({2}))
                        else:
                            worker.cancel(name)
                    ends.append(event)
        assert [type(end) for end in ends if isinstance(end, TERMINAL)] == [Cancelled, Finished]
        assert [painted.candidate for painted in of_type(ends, Painted)] == [2]

    with_worker(tmp_path, play)


def test_a_cancel_told_while_the_process_starts_is_not_lost(tmp_path: Path) -> None:
    async def play(worker: ProcessWorker) -> None:
        async with aclosing(worker.paint(Assignment("s/1", a_submit("slow")))) as events:
            async with asyncio.TaskGroup() as group:
                first = group.create_task(anext(events))
                await asyncio.sleep(0)
                worker.cancel("s/1")
            heard = [first.result()] + [event async for event in events]
        assert isinstance(heard[-1], Cancelled)

    with_worker(tmp_path, play)


def test_a_death_in_mid_job_is_told_and_the_next_paint_starts_afresh(tmp_path: Path) -> None:
    async def play(worker: ProcessWorker) -> None:
        with pytest.raises(WorkerDiedError, match="-9"):
            await events_of(worker, Assignment("s/1", a_submit("die always")))
        heard = await events_of(worker, Assignment("s/2", a_submit()))
        assert isinstance(heard[-1], Finished)

    with_worker(tmp_path, play)


def test_what_the_engine_prints_does_not_disturb_the_pipe(tmp_path: Path) -> None:
    async def play(worker: ProcessWorker) -> None:
        heard = await events_of(worker, Assignment("s/1", a_submit()))
        assert isinstance(heard[-1], Finished)

    with_worker(tmp_path, play, EngineChoice("tests.bridge.painters:make_loud", {}))


def test_an_engine_that_cannot_be_made_fails_the_job_not_the_process(tmp_path: Path) -> None:
    async def play(worker: ProcessWorker) -> None:
        heard = await events_of(worker, Assignment("s/1", a_submit()))
        assert isinstance(heard[-1], Failed)
        assert heard[-1].code == codes.INTERNAL

    with_worker(tmp_path, play, EngineChoice("tests.bridge.painters:nothing_here", {}))


def test_secrets_of_the_bridge_do_not_reach_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAHLSTICK_TOKEN", "secret")

    async def play(worker: ProcessWorker) -> None:
        await events_of(worker, Assignment("s/1", a_submit()))
        assert b"MAHLSTICK_TOKEN" not in proc(worker.pid, "environ")

    with_worker(tmp_path, play)


def test_a_job_survives_one_death_of_its_worker(settings: Settings, tmp_path: Path) -> None:
    once = EngineChoice(FACTORY, {"once": str(tmp_path / "died")})
    with running(settings, Parts(engine=once, offer=OFFER)) as ready, connect(ready) as client:
        heard = paint(client, a_submit("die", candidates=2, seed=11))
        assert isinstance(heard[-1], Finished)
        assert [painted.seed for painted in of_type(heard, Painted)] == [11, 12]
        assert (tmp_path / "died").exists()


def test_a_job_that_kills_every_worker_is_given_up_with_a_sentence(settings: Settings) -> None:
    with running(settings, Parts(engine=FLAT, offer=OFFER)) as ready, connect(ready) as client:
        failed = paint(client, a_submit("die always"))[-1]
        assert isinstance(failed, Failed)
        assert failed.code == codes.WORKER_DIED
        assert isinstance(paint(client, a_submit())[-1], Finished)


@pytest.mark.parametrize(("deaf", "phase"), [("stuck", Started), ("loads", Loading)])
def test_cancel_ends_a_painting_that_does_not_listen(
    settings: Settings, deaf: str, phase: type[Any]
) -> None:
    with running(settings, Parts(engine=FLAT, offer=OFFER)) as ready, connect(ready) as client:
        stuck, after = a_submit(deaf), a_submit()
        client.send(stuck)
        hear_until(client, phase)
        client.send(after)
        client.send(Cancel(stuck.job))
        assert isinstance(hear_until(client, TERMINAL)[-1], Cancelled)
        assert isinstance(hear_until(client, TERMINAL)[-1], Finished)


def proc(pid: int | None, name: str) -> bytes:
    return Path(f"/proc/{pid}/{name}").read_bytes()


def test_waiting_threads_of_the_worker_soon_sleep_unless_the_user_said_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    assert child_environment()["GOMP_SPINCOUNT"] == "20000"
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    assert child_environment()["GOMP_SPINCOUNT"] == "7"
