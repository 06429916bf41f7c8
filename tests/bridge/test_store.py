"""Jobs and events in memory and in the journal: what lasts, what passes, what is forgotten."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from bridge.blobs import attached
from bridge.journal import BLOBS, FILE, SqliteJournal
from bridge.keeping import NoJournal
from bridge.store import SEQ_BLOCK, Store
from bridge.timeline import StoredJob
from bridge.wire.messages import (
    Accepted,
    Cancelled,
    Finished,
    JobEvent,
    Loading,
    Painted,
    Picture,
    Preview,
    Queued,
    Rect,
    Started,
    Submit,
)

SIDE = 256
LARGE = Picture(SIDE, SIDE, "rgba8", bytes(range(256)) * (SIDE * SIDE // 64))
SMALL = Picture(1, 1, "rgba8", b"abcd")
Script = Callable[[], Coroutine[Any, Any, None]]


def a_job(name: str, session: str = "s", created: float = 0.0, **fields: Any) -> StoredJob:
    return StoredJob(session, Submit(name, "vary", **fields), "jpeg", 128, created)


def painted(job: str, candidate: int, picture: Picture = LARGE) -> Painted:
    return Painted(0, job, candidate, 1, Rect(0, 0, 1, 1), picture, 0.5, 1.0, {"seed": 1})


def started(job: str, seed: int = 7) -> Started:
    place = Rect(0, 0, 1, 1)
    mask = Picture(1, 1, "gray8", b"\xff")
    return Started(0, job, seed, [seed], "m", "euler", 4, 1.0, 1, 1, (0, 0), place, place, mask)


def finished(job: str) -> Finished:
    return Finished(0, job, [0], 1.0)


async def line(store: Store, session: str = "s", seq: int = 0) -> list[JobEvent]:
    events: list[JobEvent] = []
    while (event := await store.next_after(session, seq)) is not None:
        events.append(event)
        seq = event.seq
    return events


def blob_count(folder: Path) -> int:
    return len(list((folder / BLOBS).iterdir()))


@pytest.fixture(params=["memory", "journal"])
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Store]:
    def make(**options: Any) -> Store:
        journal = NoJournal() if request.param == "memory" else SqliteJournal(tmp_path)
        return Store(journal, **options)

    return make


def test_what_passes_is_gone_with_the_end_and_what_was_seen_stays(
    make_store: Callable[..., Store],
) -> None:
    async def script() -> None:
        store = make_store()
        await store.add_job(a_job("1", image=LARGE))
        passing = (
            Accepted(0, "1", 2),
            Queued(0, "1", 1),
            Loading(0, "1", "m"),
            Preview(0, "1", 0, 1, 4, SMALL),
            Preview(0, "1", 1, 1, 4, SMALL),
        )
        for event in (*passing, started("1"), painted("1", 0), finished("1")):
            await store.record("s", event)
        kept = await line(store)
        assert [type(event) for event in kept] == [Preview, Started, Painted, Finished]
        assert isinstance(kept[0], Preview)
        assert kept[0].candidate == 1, "a candidate with a result needs no preview"
        assert isinstance(kept[2], Painted)
        assert kept[2].picture == LARGE
        assert store.results("s", "1") == [event.seq for event in kept]
        assert store.end_of("s", "1") == kept[-1].seq
        assert store.summaries("s")[0].state == "finished"
        store.close()

    asyncio.run(script())


def test_sessions_are_strangers(make_store: Callable[..., Store]) -> None:
    async def script() -> None:
        store = make_store()
        await store.add_job(a_job("1", "one"))
        await store.add_job(a_job("1", "two"))
        await store.record("one", Cancelled(0, "1"))
        assert store.end_of("two", "1") is None
        assert store.newest("two") == 0
        assert not store.has_job("three", "1")
        assert store.results("three", "1") == []
        assert store.summaries("three") == []
        store.close()

    asyncio.run(script())


def test_old_jobs_are_forgotten_and_young_and_unfinished_ones_kept(
    make_store: Callable[..., Store], tmp_path: Path
) -> None:
    now = [1000.0]

    async def script() -> None:
        store = make_store(ttl_s=100.0, clock=lambda: now[0])
        for name in ("old", "young", "unfinished"):
            await store.add_job(a_job(name, image=LARGE))
        await store.record("s", painted("old", 0))
        await store.record("s", finished("old"))
        now[0] += 90.0
        await store.record("s", painted("young", 0))
        await store.record("s", finished("young"))
        now[0] += 20.0
        await store.sweep()
        assert {job.job for job in store.summaries("s")} == {"young", "unfinished"}
        now[0] -= 10_000.0  # a clock that jumps back forgets nothing
        await store.sweep()
        assert {job.job for job in store.summaries("s")} == {"young", "unfinished"}
        assert {event.job for event in await line(store)} == {"young"}
        store.close()

    asyncio.run(script())
    if (tmp_path / BLOBS).exists():
        assert blob_count(tmp_path) == 2  # young's result, unfinished's input


def test_the_oldest_results_go_when_there_are_too_many(make_store: Callable[..., Store]) -> None:
    async def script() -> None:
        store = make_store(keep_bytes=SIDE * SIDE * 4 * 2)
        for number in range(3):
            await store.add_job(a_job(str(number), created=float(number)))
            await store.record("s", painted(str(number), 0))
            await store.record("s", finished(str(number)))
        await store.sweep()
        assert [job.job for job in store.summaries("s")] == ["2", "1"]
        store.close()

    asyncio.run(script())


def test_a_restart_loses_nothing_that_lasts(tmp_path: Path) -> None:
    async def first_life() -> None:
        store = Store(SqliteJournal(tmp_path), clock=lambda: 50.0)
        for number, name in enumerate(("done", "running", "waiting")):
            job = a_job(name, created=float(number), image=LARGE, prompt="a moon")
            await store.add_job(job)
            await store.record("s", Accepted(0, name, number))
        for event in (started("done"), painted("done", 0), painted("done", 1, SMALL)):
            await store.record("s", event)
        await store.record("s", finished("done"))
        await store.record("s", started("running", seed=99))
        # not closed: the bridge was killed

    async def second_life() -> None:
        store = Store(SqliteJournal(tmp_path))
        waiting = store.unfinished()
        assert [job.submit.job for job in waiting] == ["running", "waiting"]
        assert [job.submit.seed for job in waiting] == [99, None]
        light = store.submit_of("s", "waiting")
        assert store.pictures is not None
        assert attached(light, store.pictures).image == LARGE
        results = [event for event in await line(store) if isinstance(event, Painted)]
        assert [event.picture for event in results] == [LARGE, SMALL]
        assert results[0].record == {"seed": 1}
        assert store.summaries("s")[-1].state == "finished"
        assert store.summaries("s")[-1].prompt == "a moon"
        recorded = await store.record("s", Loading(0, "running", "m"))
        assert recorded.seq > SEQ_BLOCK, "a number was given twice"
        store.close()

    asyncio.run(first_life())
    asyncio.run(second_life())


def test_an_ended_job_lets_its_inputs_go(tmp_path: Path) -> None:
    async def script() -> None:
        store = Store(SqliteJournal(tmp_path))
        await store.add_job(a_job("1", image=LARGE))
        assert blob_count(tmp_path) == 1
        await store.record("s", Cancelled(0, "1"))
        assert blob_count(tmp_path) == 0
        store.close()

    asyncio.run(script())


def test_pictures_that_nobody_needs_are_removed_at_the_start(tmp_path: Path) -> None:
    async def script() -> None:
        store = Store(SqliteJournal(tmp_path))
        await store.add_job(a_job("1", image=LARGE))
        store.close()

    asyncio.run(script())
    (tmp_path / BLOBS / ("0" * 32)).write_bytes(b"half a picture of a dead bridge")
    SqliteJournal(tmp_path).close()
    journal = SqliteJournal(tmp_path)
    journal.remembered()
    journal.close()
    assert blob_count(tmp_path) == 1


def test_a_result_whose_file_is_gone_does_not_stop_the_line(tmp_path: Path) -> None:
    async def script() -> None:
        store = Store(SqliteJournal(tmp_path))
        await store.add_job(a_job("1"))
        await store.record("s", painted("1", 0))
        await store.record("s", finished("1"))
        for path in (tmp_path / BLOBS).iterdir():
            path.unlink()
        assert [type(event) for event in await line(store)] == [Finished]
        assert await store.event("s", 1) is None
        store.close()

    asyncio.run(script())


def test_a_damaged_database_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"this is not a database, but it was somebody's" * 100)
    Store(SqliteJournal(tmp_path)).close()
    aside = list(tmp_path.glob(f"{FILE}.damaged-*"))
    assert len(aside) == 1
    assert (aside[0] / FILE).read_bytes().startswith(b"this is not")
    assert sqlite3.connect(tmp_path / FILE).execute("SELECT count(*) FROM jobs").fetchone() == (0,)


def test_a_message_of_another_version_is_left_out(tmp_path: Path) -> None:
    async def script() -> None:
        store = Store(SqliteJournal(tmp_path))
        for name in ("1", "2"):
            await store.add_job(a_job(name))
        store.close()

    asyncio.run(script())
    with sqlite3.connect(tmp_path / FILE) as database:
        database.execute("UPDATE jobs SET submit = x'00' WHERE job = '1'")
    database.close()
    store = Store(SqliteJournal(tmp_path))
    assert [job.submit.job for job in store.unfinished()] == ["2"]
    store.close()


class FullJournal(NoJournal):
    """A disk that is full."""

    def keep_event(self, session: str, event: JobEvent, now: float) -> None:  # noqa: ARG002
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_refuses_results_but_announces_ends() -> None:
    async def script() -> None:
        store = Store(FullJournal())
        await store.add_job(a_job("1"))
        with pytest.raises(OSError, match="No space"):
            await store.record("s", painted("1", 0))
        await store.record("s", Preview(0, "1", 0, 1, 4, SMALL))
        await store.record("s", finished("1"))
        assert [type(event) for event in await line(store)] == [Preview, Finished]

    asyncio.run(script())


def preview(step: int, candidate: int = 0, picture: Picture = SMALL) -> Preview:
    return Preview(0, "1", candidate, step, 9, picture)


def test_the_last_previews_of_an_ended_job_are_on_disk_and_not_in_memory(tmp_path: Path) -> None:
    async def script() -> None:
        store = Store(SqliteJournal(tmp_path))
        await store.add_job(a_job("1"))
        for step in (1, 2):
            for candidate, picture in ((0, SMALL), (1, LARGE)):
                await store.record("s", preview(step, candidate, picture))
        await store.record("s", Cancelled(0, "1"))
        held = [event for event in store.events_of("s", "1") if isinstance(event, Preview)]
        assert [event.picture.data for event in held] == [b"", b""]
        assert blob_count(tmp_path) == 0, "a preview was left behind as a file"
        store.close()

    async def later() -> None:
        store = Store(SqliteJournal(tmp_path))
        shown = [event for event in await line(store) if isinstance(event, Preview)]
        assert [(event.step, event.picture) for event in shown] == [(2, SMALL), (2, LARGE)]
        assert len(store.results("s", "1")) == 3, "what a cancelled job left can be fetched"
        store.close()

    asyncio.run(script())
    asyncio.run(later())


def test_a_killed_bridge_still_shows_what_was_seen_a_moment_before(tmp_path: Path) -> None:
    now = [100.0]

    async def first_life() -> None:
        store = Store(SqliteJournal(tmp_path), clock=lambda: now[0])
        await store.add_job(a_job("1"))
        await store.record("s", started("1"))
        for step, at in ((1, 100.0), (2, 100.5), (3, 101.5), (4, 102.0)):
            now[0] = at
            await store.record("s", preview(step))
        now[0] = 5.0  # set back
        await store.record("s", preview(5, 1))
        # not closed: the bridge was killed

    async def second_life() -> None:
        store = Store(SqliteJournal(tmp_path))
        shown = [event for event in await line(store) if isinstance(event, Preview)]
        assert [(event.candidate, event.step) for event in shown] == [(0, 3), (1, 5)]
        assert shown[0].picture == SMALL
        await store.record("s", preview(1))
        shown = [event for event in await line(store) if isinstance(event, Preview)]
        assert [(event.candidate, event.step) for event in shown] == [(1, 5), (0, 1)]
        await store.record("s", finished("1"))
        assert len(await line(store)) == 4
        store.close()

    asyncio.run(first_life())
    asyncio.run(second_life())


def test_previews_are_forgotten_with_their_job(tmp_path: Path) -> None:
    now = [0.0]

    async def script() -> None:
        store = Store(SqliteJournal(tmp_path), ttl_s=100.0, clock=lambda: now[0])
        await store.add_job(a_job("1"))
        await store.record("s", preview(1))
        await store.record("s", finished("1"))
        now[0] = 101.0
        await store.sweep()
        assert await line(store) == []
        store.close()

    asyncio.run(script())
    with sqlite3.connect(tmp_path / FILE) as database:
        assert database.execute("SELECT count(*) FROM events").fetchone() == (0,)
    database.close()


def test_a_job_that_waits_again_says_so(tmp_path: Path) -> None:
    async def script() -> None:
        store = Store(SqliteJournal(tmp_path))
        await store.add_job(a_job("1"))
        await store.record("s", started("1"))
        await store.record("s", Queued(0, "1", 3))
        assert store.summaries("s")[0].state == "queued"
        store.close()

    asyncio.run(script())


def test_a_read_only_database_is_an_os_error(tmp_path: Path) -> None:
    async def script() -> None:
        store = Store(journal := SqliteJournal(tmp_path))
        journal._database.execute("PRAGMA query_only = ON")
        with pytest.raises(OSError, match="readonly"):
            await store.add_job(a_job("1"))
        assert not store.has_job("s", "1")
        store.close()

    asyncio.run(script())
