"""The worker dies in mid-job: what its job and the other clients notice."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

from bridge.cli.bench.rows import Figure, Goal, figure, p95
from bridge.cli.bench.scene import Bridge, a_job, bridge_and_client, hear_until
from bridge.wire.messages import TERMINAL, Fetch, Finished, History, Preview


def worker(runs: int) -> Iterator[Figure]:
    """Yield whether the job completes, and others' p95 round trip from before to after."""
    outcomes = [_died() for _ in range(runs)]
    completed = [float(done) for done, _, _ in outcomes]
    yield figure("kill -9 of the worker: job completes", "", completed, Goal(at_least=1))
    seconds = [took for _, took, _ in outcomes]
    yield figure("kill -9 of the worker: until it is done", "s", seconds)
    yield figure("kill -9 of the worker: others' p95", "ms", [trip for _, _, trip in outcomes])


def _died() -> tuple[bool, float, float]:
    options = {"step_s": 0.02}
    with bridge_and_client(options=options) as (bridge, client), _Other(bridge) as other:
        client.send(a_job(previews=True, steps=20))
        hear_until(client, Preview)
        for pid in bridge.children():
            os.kill(pid, signal.SIGKILL)
        began = time.monotonic()
        end = hear_until(client, *TERMINAL)[-1]
        seconds = time.monotonic() - began
    return isinstance(end, Finished), seconds, p95(other.times)


class _Other(threading.Thread):
    """Another client that asks for its history again and again."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self.times: list[float] = []
        self._client = bridge.connect()
        self._over = threading.Event()

    def run(self) -> None:
        """Ask until it is over."""
        with self._client as client:
            while not self._over.wait(0.003):
                began = time.perf_counter()
                client.send(Fetch())
                hear_until(client, History)
                self.times.append((time.perf_counter() - began) * 1000)

    def __enter__(self) -> _Other:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()
