"""How soon a bridge is there, how small it is, and how soon it is back after a crash."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bridge.cli.bench.painters import WAIT
from bridge.cli.bench.rows import Figure, Goal, figure
from bridge.cli.bench.scene import a_bridge, a_job, hear, hear_until, new_id, painted, resident
from bridge.wire.client import Client
from bridge.wire.messages import Accepted, Fetch, Finished, History, Keep, Painted, Started

HISTORY, QUEUED = 15, 3
_REST_S = 1.0  # until what was needed for the start only is given back


def start(runs: int) -> Iterator[Figure]:
    """Yield seconds from spawning `mahlstick serve` to its ready line, and its idle memory."""
    starts = [_start() for _ in range(runs)]
    yield figure("bridge: spawn to ready", "s", [s for s, _ in starts], Goal(1.0, comfyui="4.67 s"))
    memory = [megabytes for _, megabytes in starts if megabytes is not None]
    if memory:
        yield figure("bridge: memory when idle", "MB", memory, Goal(80, comfyui="532 MB"))


def _start() -> tuple[float, float | None]:
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        # The command is this interpreter with arguments made here.
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "bridge", "serve", "--port", "0", "--state-dir", folder],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        with process:
            assert process.stdout is not None  # noqa: S101 - Popen was given a pipe
            process.stdout.readline()
            seconds = time.monotonic() - began
            time.sleep(_REST_S)
            megabytes = resident(process.pid)
            process.terminate()
    return seconds, megabytes


def restart(runs: int) -> Iterator[Figure]:
    """Yield how a bridge comes back that was killed with a job running, some queued, and history.

    The time is from spawning it to the moment a client has the whole history in hand, every old
    result fetched, and has heard that the running job runs again.
    """
    outcomes = [_restarted() for _ in range(runs)]
    whole = 1 + QUEUED + HISTORY
    rival = Goal(2.0, comfyui="lost: 0 running, 0 queued, 0 history")
    yield figure("kill -9 of the bridge: all back", "s", [s for s, _ in outcomes], rival)
    yield figure(
        f"kill -9 of the bridge: jobs back of {whole}",
        "",
        [float(count) for _, count in outcomes],
        Goal(at_least=whole, comfyui="0"),
    )


def _restarted() -> tuple[float, int]:
    session = new_id()
    done = [a_job() for _ in range(HISTORY)]
    running = a_job(WAIT)
    queued = [a_job() for _ in range(QUEUED)]
    with tempfile.TemporaryDirectory() as folder:
        with a_bridge(Path(folder)) as bridge, bridge.connect(session) as client:
            for job in done:
                painted(client, job)
            client.send(running)
            told = hear_until(client, Started)[-1]
            for job in queued:
                client.send(job)
                hear_until(client, Accepted)
            bridge.kill()
        began = time.monotonic()
        with a_bridge(Path(folder)) as bridge, bridge.connect(session, resume=0) as client:
            back = _back(client, running.job, getattr(told, "seq", 0), len(done))
            seconds = time.monotonic() - began
            client.send(Keep(running.job, [0]))
            back |= _finished(client, {running.job, *(job.job for job in queued)})
    return seconds, len(back & {job.job for job in (running, *queued, *done)})


def _back(client: Client, running: str, before: int, done: int) -> set[str]:
    """Hear all old results, the history, and that the running job runs again; return the former."""
    client.send(Fetch())
    results: set[str] = set()
    again, listed = False, 0
    while not (again and len(results) == done and listed == done + QUEUED + 1):
        match hear(client):
            case History(jobs=jobs):
                listed = len(jobs)
            case Painted(job=job):
                results.add(job)
            case Started(job=job, seq=seq) if job == running and seq > before:
                again = True
    return results


def _finished(client: Client, jobs: set[str]) -> set[str]:
    ended: set[str] = set()
    while not jobs <= ended:
        message = hear(client)
        if isinstance(message, Finished):
            ended.add(message.job)
    return ended
