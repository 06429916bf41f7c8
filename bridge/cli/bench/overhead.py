"""What the bridge adds to painting: to a job, to a step, to a layer. The engine costs nothing."""

from __future__ import annotations

import contextlib
import os
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from bridge.cli.bench.rows import Figure, Goal, figure, p95
from bridge.cli.bench.scene import a_job, bridge_and_client, check, hear_until, painted, timed
from bridge.memory import keep_blocks
from bridge.wire.client import Client
from bridge.wire.messages import TERMINAL, Fetch, History, Painted, Picture, Preview, Submit

SIDE = 1024
JOBS = 200  # in one run
STEPS = 400
ASKED = 200  # requests that are timed


def empty_job(runs: int) -> Iterator[Figure]:
    """Yield milliseconds from submitting a job that costs nothing to its end, all of it on disk."""
    times: dict[str, list[float]] = {"normal": [], "full": []}
    with contextlib.ExitStack() as stack:
        clients = {
            kind: stack.enter_context(bridge_and_client(synchronous=kind))[1] for kind in times
        }
        for client in clients.values():
            _median_of(client)  # the first starts the worker
        for _ in range(runs):
            for kind, client in clients.items():
                times[kind].append(_median_of(client))
    goal = Goal(1.8, comfyui="1.9 ms, nothing durable")
    yield figure("empty job (WAL, synchronous=NORMAL)", "ms", times["normal"], goal)
    yield figure("empty job (WAL, synchronous=FULL)", "ms", times["full"])


def _median_of(client: Client) -> float:
    return statistics.median(timed(client, a_job()) for _ in range(JOBS))


def step(runs: int) -> Iterator[Figure]:
    """Yield what previews add to a step, and how long another client's requests take meanwhile."""
    with bridge_and_client() as (_, client):
        added = [_added(client) for _ in range(runs + 1)][1:]
    yield figure("step: added by its preview", "ms", added, Goal(0.5, comfyui="0.8 ms"))
    options = {"step_s": 0.01}
    with bridge_and_client(options=options) as (bridge, painter), bridge.connect() as other:
        _asked(other)
        quiet, busy = [], []
        for _ in range(runs):
            quiet.append(p95(_asked(other)))
            with _painting(painter):
                busy.append(p95(_asked(other)))
    yield figure("requests of others: p95, nothing painted", "ms", quiet)
    goal = Goal(2.0, comfyui="3.7 ms")
    yield figure("requests of others: p95, previews meanwhile", "ms", busy, goal)


def _added(client: Client) -> float:
    with_previews = timed(client, _many_steps(STEPS))
    return (with_previews - timed(client, replace(_many_steps(STEPS), previews=False))) / STEPS


def _many_steps(steps: int) -> Submit:
    return a_job(previews=True, width=SIDE, height=SIDE, steps=steps)


@contextlib.contextmanager
def _painting(client: Client) -> Iterator[None]:
    """Have a picture painted with previews, which are read, for as long as the block lasts."""
    stopped = threading.Event()
    client.send(_many_steps(100))
    hear_until(client, Preview)

    def read() -> None:
        while True:
            hear_until(client, *TERMINAL)
            if stopped.is_set():
                return
            client.send(_many_steps(100))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield
    finally:
        stopped.set()
        reader.join()


def _asked(client: Client) -> list[float]:
    """Return the round trips of requests, in milliseconds, a few milliseconds apart."""
    times = []
    for _ in range(ASKED):
        began = time.perf_counter()
        client.send(Fetch())
        hear_until(client, History)
        times.append((time.perf_counter() - began) * 1000)
        time.sleep(0.005)
    return times


def layer(runs: int) -> Iterator[Figure]:
    """Yield milliseconds for a layer there and back: stored, painted on, stored, sent."""
    keep_blocks()  # as the large heap of an editor does by itself
    with bridge_and_client() as (_, client):
        times = [_there_and_back(client) for _ in range(4 * runs + 4)][4:]
    goal = Goal(25, comfyui="141 ms")
    yield figure(f"layer of {SIDE}x{SIDE} RGBA: there and back", "ms", times, goal)


def _there_and_back(client: Client) -> float:
    picture = Picture(SIDE, SIDE, "rgba8", os.urandom(SIDE * SIDE * 4))
    job = a_job(mode="refine", image=picture)
    began = time.perf_counter()
    heard = painted(client, job)
    milliseconds = (time.perf_counter() - began) * 1000
    back = [message.picture for message in heard if isinstance(message, Painted)]
    check([one.data for one in back] == [picture.data], "the layer did not come back as it was")
    return milliseconds
