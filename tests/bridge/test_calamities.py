"""Full disks, read-only folders, damaged databases, clocks that jump: a sentence and a code each.

Whatever happens, nothing that was stored before is lost.
"""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import bridge.journal
from bridge.asides import BLOBS
from bridge.blobs import Blobs
from bridge.errors import StateFolderError
from bridge.journal import FILE, SqliteJournal
from bridge.server import Parts, Ready, running
from bridge.settings import Settings
from bridge.store import Store
from bridge.timeline import StoredJob
from bridge.wire import errors as codes
from bridge.wire.client import Client
from bridge.wire.messages import (
    TERMINAL,
    Failed,
    Fetch,
    Finished,
    History,
    Painted,
    Picture,
    Refused,
    Submit,
)
from bridge.workers.inline import InlineWorker
from tests.bridge.painters import FlatPainter
from tests.bridge.talk import (
    OFFER,
    a_submit,
    connect,
    hear,
    hear_until,
    new_id,
    of_type,
    paint,
    settings_in,
)

SIDE = 256
IMAGE = Picture(SIDE, SIDE, "rgba8", os.urandom(SIDE * SIDE * 4))
MASK = Picture(SIDE, SIDE, "gray8", b"\xff" * (SIDE * SIDE))
DAY_S = 24 * 3600.0


def an_echo() -> Submit:
    return a_submit("echo", mode="inpaint", image=IMAGE, mask=MASK, candidates=1)


@contextmanager
def a_bridge(settings: Settings) -> Iterator[Ready]:
    with running(settings, Parts(InlineWorker(FlatPainter()), offer=OFFER)) as ready:
        yield ready


def fetched(client: Client, job: str) -> list[Picture]:
    client.send(Fetch(job))
    return [event.picture for event in of_type(hear_until(client, TERMINAL), Painted)]


@pytest.fixture
def databases(monkeypatch: pytest.MonkeyPatch) -> list[sqlite3.Connection]:
    """The databases that bridges open from now on."""
    opened: list[sqlite3.Connection] = []
    real: Callable[[Path], sqlite3.Connection] = bridge.journal._opened

    def opening(path: Path) -> sqlite3.Connection:
        opened.append(real(path))
        return opened[-1]

    monkeypatch.setattr(bridge.journal, "_opened", opening)
    return opened


def limit(database: sqlite3.Connection, room: int) -> None:
    """Make SQLite itself say that it is full after so many more pages."""
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count = {pages + room}")


def test_a_full_database_refuses_new_jobs_and_keeps_the_old(
    settings: Settings, databases: list[sqlite3.Connection]
) -> None:
    with a_bridge(settings) as ready, connect(ready) as client:
        done = an_echo()
        assert isinstance(paint(client, done)[-1], Finished)
        limit(databases[0], 0)
        refused = None
        while refused is None:  # the last page may have room for some
            client.send(a_submit("x" * 2000))
            refused = next(iter(of_type(hear_until(client, (Refused, *TERMINAL)), Refused)), None)
        assert refused.code == codes.STORAGE_FAILED
        assert "Free some space" in refused.message
        assert not refused.fatal
        assert fetched(client, done.job) == [IMAGE]
        limit(databases[0], 1000)
        assert isinstance(paint(client, an_echo())[-1], Finished)


def test_a_result_without_room_fails_its_job_and_no_other(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_bridge(settings) as ready, connect(ready) as client:
        done = an_echo()
        assert isinstance(paint(client, done)[-1], Finished)

        def full(_self: Blobs, _content: bytes) -> str:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(Blobs, "put", full)
            client.send(an_echo())
            refused = hear_until(client, Refused)[-1]
            large = a_submit(width=SIDE, height=SIDE)
            failed = paint(client, large)[-1]
        assert (refused.code, failed.code) == (codes.STORAGE_FAILED, codes.STORAGE_FAILED)
        assert "No space left" in failed.message
        assert fetched(client, done.job) == [IMAGE]
        assert isinstance(paint(client, an_echo())[-1], Finished)


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("this machine does not let root mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_disk_that_fills_up_loses_nothing_that_was_stored(tmp_path: Path) -> None:
    session = new_id()
    with small_disk(tmp_path / "disk", "size=4m") as disk:
        settings = settings_in(tmp_path, state_dir=disk / "state")
        done: list[str] = []
        with a_bridge(settings) as ready, connect(ready, session) as client:
            while True:
                submit = an_echo()
                client.send(submit)
                end = hear_until(client, (Refused, *TERMINAL))[-1]
                if not isinstance(end, Finished):
                    break
                done.append(submit.job)
            assert isinstance(end, Refused | Failed)
            assert end.code == codes.STORAGE_FAILED
            assert done
            for job in done:
                assert fetched(client, job) == [IMAGE]
        with a_bridge(settings) as ready, connect(ready, session) as client:
            for job in done:
                assert fetched(client, job) == [IMAGE]


def test_a_read_only_state_folder_is_a_sentence(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "ro") as disk:
        with pytest.raises(StateFolderError, match="--state-dir"):
            with a_bridge(settings_in(tmp_path, state_dir=disk / "state")):
                pass
        with pytest.raises(StateFolderError, match="--state-dir"):
            with a_bridge(settings_in(tmp_path, state_dir=disk)):
                pass


def test_a_damaged_database_is_put_aside_and_what_is_readable_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    session, settings = new_id(), settings_in(tmp_path)
    with a_bridge(settings) as ready, connect(ready, session) as client:
        jobs = [an_echo() for _ in range(40)]
        for submit in jobs:
            assert isinstance(paint(client, submit)[-1], Finished)
        token = (settings.state_dir / "token").read_text()
    path = settings.state_dir / FILE
    content = bytearray(path.read_bytes())
    content[-4096:] = b"\xff" * 4096  # the page written last
    path.write_bytes(content)
    with a_bridge(settings) as ready, connect(ready, session) as client:
        assert "put aside" in caplog.text
        (aside,) = settings.state_dir.glob(f"{FILE}.damaged-*")
        assert (aside / FILE).read_bytes() == content
        assert len(list((aside / BLOBS).iterdir())) == len(jobs)
        assert (settings.state_dir / "token").read_text() == token
        client.send(Fetch())
        history = hear_until(client, History)[-1]
        kept = {job.job for job in history.jobs if job.results}
        assert len(kept) > len(jobs) / 2
        for job in kept:
            assert fetched(client, job) == [IMAGE]
        assert isinstance(paint(client, an_echo())[-1], Finished)


def test_jobs_keep_their_order_when_the_clock_jumps_back(tmp_path: Path) -> None:
    async def first_life() -> None:
        store = Store(SqliteJournal(tmp_path))
        for number, name in enumerate(("first", "second", "third")):
            submit = Submit(name, "generate")
            await store.add_job(StoredJob("s", submit, "jpeg", 64, 1e9 - number * DAY_S))
        store.close()

    asyncio.run(first_life())
    store = Store(SqliteJournal(tmp_path))
    assert [job.submit.job for job in store.unfinished()] == ["first", "second", "third"]
    store.close()


def test_a_result_is_fetched_a_day_later_and_gone_after_a_week(tmp_path: Path) -> None:
    session, settings, submit = new_id(), settings_in(tmp_path), an_echo()
    with a_bridge(settings) as ready, connect(ready, session) as client:
        client.send(submit)
        hear(client)  # and is closed before the end
    with a_bridge(settings) as ready, connect(ready, session, resume=0) as client:
        hear_until(client, Finished)
    moved = sqlite3.connect(settings.state_dir / FILE)
    moved.execute("UPDATE jobs SET created = created - ?, ended = ended - ?", (DAY_S, DAY_S))
    moved.commit()
    moved.close()
    with a_bridge(settings) as ready, connect(ready, session) as client:
        client.send(Fetch())
        (told,) = hear_until(client, History)[-1].jobs
        assert (told.job, told.state, told.results) == (submit.job, "finished", [0])
        assert fetched(client, submit.job) == [IMAGE]
    later = Store(SqliteJournal(settings.state_dir), clock=lambda: 2e9 + 10 * DAY_S)
    asyncio.run(later.sweep())
    assert later.summaries(session) == []
    later.close()
