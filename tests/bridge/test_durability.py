"""kill -9 of the real bridge process: what its clients find when it is back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bridge.blobs import Blobs
from bridge.server import Ready
from bridge.wire.errors import ClosedError
from bridge.wire.messages import (
    TERMINAL,
    Accepted,
    Cancelled,
    Fetch,
    Finished,
    History,
    Keep,
    Painted,
    Picture,
    Preview,
)
from tests.bridge.talk import a_submit, connect, hear, hear_until, new_id, of_type, paint

ROOT = Path(__file__).parents[2]
SIDE = 256
IMAGE = Picture(SIDE, SIDE, "rgba8", bytes(range(256)) * (SIDE * SIDE // 64))
MASK = Picture(SIDE, SIDE, "gray8", b"\xff" * (SIDE * SIDE))


@contextmanager
def a_bridge(folder: Path) -> Iterator[tuple[Ready, Callable[[], None]]]:
    """Yield a bridge and what kills it."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bridge.bridge_process", folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        path = Path(told["connection_file"])
        try:
            yield (
                Ready(told["url"], told["port"], process.pid, path),
                lambda: (process.send_signal(signal.SIGKILL), None)[1],
            )
        finally:
            process.terminate()


def test_a_killed_bridge_comes_back_with_all_it_had(tmp_path: Path) -> None:
    session = new_id()
    history = [a_submit("echo", mode="inpaint", image=IMAGE, mask=MASK) for _ in range(2)]
    running = a_submit("slow", candidates=2, seed=None)
    queued = [
        a_submit("echo", mode="inpaint", image=IMAGE, mask=MASK, candidates=1) for _ in range(3)
    ]
    unwanted = a_submit(on_disconnect="cancel")
    with a_bridge(tmp_path) as (ready, kill), connect(ready, session) as client:
        for submit in history:
            assert isinstance(paint(client, submit)[-1], Finished)
        client.send(running)
        hear_until(client, Preview)
        for submit in (*queued, unwanted):
            client.send(submit)
        seen = [hear_until(client, Accepted)[-1] for _ in range(4)][-1].seq
        kill()
    with a_bridge(tmp_path) as (ready, _), connect(ready, session, resume=seen) as client:
        assert client.welcome.seq > seen
        heard = hear_until(client, Preview)
        client.send(Keep(running.job, [0]))
        while len(ends := {end.job: end for end in heard if isinstance(end, TERMINAL)}) < 5:
            heard.append(hear(client))
        assert isinstance(ends.pop(unwanted.job), Cancelled)
        assert set(ends) == {running.job, *(submit.job for submit in queued)}
        assert all(isinstance(end, Finished) for end in ends.values())
        for submit in (*history, *queued):
            client.send(Fetch(submit.job))
            painted = of_type(hear_until(client, Finished), Painted)
            assert {message.picture for message in painted} == {IMAGE}
        client.send(Fetch())
        told = hear(client)
        assert isinstance(told, History)
        assert len(told.jobs) == 7


def test_a_bridge_that_is_asked_to_end_hands_its_jobs_to_the_next(tmp_path: Path) -> None:
    session = new_id()
    slow, waits, unwanted = a_submit("slow"), a_submit(), a_submit(on_disconnect="cancel")
    with a_bridge(tmp_path) as (ready, _), connect(ready, session) as client:
        for submit in (slow, waits, unwanted):
            client.send(submit)
        hear_until(client, Preview)
        os.kill(ready.pid, signal.SIGTERM)
        with pytest.raises(ClosedError):
            hear_until(client, type(None))
        wait_until(lambda: not ready.connection_file.exists())
    with a_bridge(tmp_path) as (ready, _), connect(ready, session, resume=0) as client:
        heard = hear_until(client, Preview)
        client.send(Keep(slow.job, [0]))
        while len(ends := {end.job: end for end in heard if isinstance(end, TERMINAL)}) < 3:
            heard.append(hear(client))
    assert isinstance(ends[slow.job], Finished)
    assert isinstance(ends[waits.job], Finished)
    assert isinstance(ends[unwanted.job], Cancelled)


def test_large_layers_leave_no_memory_behind(tmp_path: Path) -> None:
    side = 2048
    image = Picture(side, side, "rgba8", bytes(side * side * 4))
    mask = Picture(side, side, "gray8", b"\xff" * (side * side))
    with a_bridge(tmp_path) as (ready, _), connect(ready) as client:
        for _ in range(2):
            submit = a_submit("echo", mode="inpaint", image=image, mask=mask, candidates=1)
            assert isinstance(paint(client, submit)[-1], Finished)
        wait_until(lambda: resident_kib(ready.pid) < 100 * 1024)  # given back soon, not at once


def test_the_worker_ends_with_a_killed_bridge_and_its_blobs_are_reclaimed(tmp_path: Path) -> None:
    with a_bridge(tmp_path) as (ready, kill), connect(ready) as client:
        client.send(a_submit("slow"))
        hear_until(client, Preview)
        children = Path(f"/proc/{ready.pid}/task/{ready.pid}/children").read_text()
        worker = Path(f"/proc/{children.split()[0]}")
        arguments = (worker / "cmdline").read_text().split("\0")
        shared = next(one for one in arguments if one.startswith("--shared="))
        folder = Path(shared.removeprefix("--shared="))
        Blobs(folder).put(b"left behind")
        kill()
    wait_until(lambda: not (worker / "cmdline").exists())
    assert list(folder.iterdir())
    with a_bridge(tmp_path):
        assert folder.is_dir()
        assert not list(folder.iterdir())
    assert not folder.exists()


def resident_kib(pid: int) -> int:
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0])


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)
