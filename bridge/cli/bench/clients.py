"""Many clients, bad clients, clients that come and go."""

from __future__ import annotations

import os
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bridge.cli.bench.painters import WAIT
from bridge.cli.bench.rows import Figure, Goal, figure, p95
from bridge.cli.bench.scene import (
    Bridge,
    a_bridge,
    a_job,
    bridge_and_client,
    check,
    hear,
    hear_until,
    new_id,
    painted,
    timed,
)
from bridge.wire.client import Client
from bridge.wire.messages import (
    TERMINAL,
    Accepted,
    Keep,
    Painted,
    Picture,
    Preview,
    ServerMessage,
    Started,
    Submit,
)

SIDE = 1024
JOBS = 60
AWAY_S = 1.2
STEPS, CANDIDATES = 20, 4


def stalled(runs: int) -> Iterator[Figure]:
    """Yield others' p95 for an empty job beside a client that asks for much and reads nothing."""
    alone, beside = [], []
    with bridge_and_client() as (bridge, client):
        _times(client)
        for _ in range(runs):
            alone.append(_times(client))
            with _stalled(bridge):
                beside.append(_times(client))
    yield figure("others, nobody stalled: p50", "ms", [statistics.median(t) for t in alone])
    yield figure("others, one client stalled: p50", "ms", [statistics.median(t) for t in beside])
    delays = [max(0.0, p95(b) - p95(a)) for a, b in zip(alone, beside, strict=True)]
    goal = Goal(50, comfyui="5,850 ms")
    yield figure("others, one client stalled: p95 of the delay", "ms", delays, goal)


def _times(client: Client) -> list[float]:
    return [timed(client, a_job()) for _ in range(JOBS)]


@contextmanager
def _stalled(bridge: Bridge) -> Iterator[None]:
    """Hold a client whose results of 48 MB were painted and are being sent, but never read."""
    session = new_id()
    picture = Picture(SIDE, SIDE, "rgba8", os.urandom(SIDE * SIDE * 4))
    jobs = [a_job(mode="refine", image=picture, candidates=4) for _ in range(3)]
    with bridge.connect(session) as reading:
        for job in jobs:
            painted(reading, job)
    deaf = _without_reading(bridge, session)
    try:
        yield
    finally:
        deaf.close()


def _without_reading(bridge: Bridge, session: str) -> socket.socket:
    """Return a socket that upgraded, said hello with `resume`, and reads nothing more."""
    from websockets.client import ClientProtocol
    from websockets.typing import Subprotocol
    from websockets.uri import parse_uri

    from bridge.wire.codec import encode
    from bridge.wire.messages import SUBPROTOCOL, VERSION, Hello

    protocol = ClientProtocol(
        parse_uri(bridge.connection.url), subprotocols=[Subprotocol(SUBPROTOCOL)]
    )
    request = protocol.connect()
    request.headers["Authorization"] = f"Bearer {bridge.connection.token}"
    protocol.send_request(request)
    deaf = socket.create_connection(("127.0.0.1", bridge.port))
    deaf.sendall(b"".join(protocol.data_to_send()))
    while not protocol.handshake_exc and protocol.state.name == "CONNECTING":
        protocol.receive_data(deaf.recv(4096))
    protocol.send_binary(encode(Hello(VERSION, "stalled", session, resume=0)))
    deaf.sendall(b"".join(protocol.data_to_send()))
    time.sleep(0.2)  # until the bridge has filled what the system holds for us
    return deaf


def reconnect(runs: int) -> Iterator[Figure]:
    """Yield what a client hears that was gone for 1.2 s in mid-job."""
    outcomes = [_reconnected() for _ in range(runs)]
    yield figure(
        f"reconnect after {AWAY_S} s: newest previews of all candidates",
        "ms",
        [milliseconds for milliseconds, _ in outcomes],
        Goal(100, comfyui="11 of 20 frames lost"),
    )
    lost = [float(count) for _, count in outcomes]
    yield figure("reconnect: terminal events lost", "", lost, Goal(0))


def _reconnected() -> tuple[float, int]:
    session = new_id()
    short = a_job()
    long = a_job(previews=True, candidates=CANDIDATES, steps=STEPS, width=SIDE, height=SIDE)
    with (
        tempfile.TemporaryDirectory() as folder,
        a_bridge(Path(folder), options={"step_s": 0.15}) as bridge,
    ):
        with bridge.connect(session) as client:
            client.send(short)
            seen = getattr(hear_until(client, Accepted)[-1], "seq", 0)
            client.send(long)
            hear_until(client, Preview)  # what was heard since is as if lost with the line
        time.sleep(AWAY_S)
        began = time.perf_counter()
        with bridge.connect(session, resume=seen) as client:
            heard = _until_all_are_seen(client)
            milliseconds = (time.perf_counter() - began) * 1000
            while not (isinstance(heard[-1], TERMINAL) and heard[-1].job == long.job):
                heard.append(hear(client))
    ends = {message.job for message in heard if isinstance(message, TERMINAL)}
    return milliseconds, len({short.job, long.job} - ends)


def _until_all_are_seen(client: Client) -> list[ServerMessage]:
    heard = [hear(client)]
    seen: set[int] = set()
    while len(seen) < CANDIDATES:
        heard.append(hear(client))
        seen |= {message.candidate for message in heard if isinstance(message, Preview)}
    return heard


def batch(runs: int) -> Iterator[Figure]:
    """Yield how many candidates of a batch of four are seen while they form."""
    seen = []
    with bridge_and_client(options={"step_s": 0.02}) as (_, client):
        for _ in range(runs):
            heard = painted(client, a_job(previews=True, candidates=4, steps=8))
            previews = [message for message in heard if isinstance(message, Preview)]
            seen.append(float(len({preview.candidate for preview in previews})))
    yield figure("batch of 4: candidates with previews", "", seen, Goal(at_least=4, comfyui="1"))


def crowd(runs: int) -> Iterator[Figure]:
    """Yield how long many clients take together, and how unevenly they are served."""
    outcomes = [crowded(clients=50, each=10) for _ in range(runs)]
    yield figure("50 clients, 500 jobs: all delivered", "s", [seconds for seconds, _ in outcomes])
    spread = [unfairness * 100 for _, unfairness in outcomes]
    yield figure("50 clients: unfairness", "%", spread, Goal(10))


def crowded(clients: int, each: int) -> tuple[float, float]:
    """Return seconds until all jobs of all clients were delivered, and the unfairness.

    A job of yet another session holds the queue until all wait. Unfairness is how much of its
    pictures the client that is served worst still lacks when the first client has all of its own;
    raises BridgeFailure when a result is missing or comes twice.
    """
    with bridge_and_client() as (bridge, gate):
        holding = a_job(WAIT)
        gate.send(holding)
        hear_until(gate, Started)
        crowd = [_Member(bridge, each) for _ in range(clients)]
        for member in crowd:
            member.submitted()
        began = time.monotonic()
        gate.send(Keep(holding.job, [0]))
        for member in crowd:
            member.join()
        seconds = time.monotonic() - began
    for member in crowd:
        member.check()
    first = min(member.numbers[-1] for member in crowd)
    least = min(sum(number <= first for number in member.numbers) for member in crowd)
    return seconds, 1 - least / each


class _Member(threading.Thread):
    """One client of a crowd, in a thread of its own."""

    def __init__(self, bridge: Bridge, each: int) -> None:
        super().__init__(daemon=True)
        self.numbers: list[int] = []  # of its results, in the order in which all were painted
        self._client = bridge.connect()
        self._jobs: list[Submit] = [a_job() for _ in range(each)]
        self._results: list[str] = []

    def submitted(self) -> None:
        """Submit all jobs, and read from now on."""
        for job in self._jobs:
            self._client.send(job)
            hear_until(self._client, Accepted)
        self.start()

    def run(self) -> None:
        """Read until all jobs have ended."""
        with self._client as client:
            ended = 0
            while ended < len(self._jobs):
                message = hear(client)
                if isinstance(message, Painted):
                    self._results.append(message.job)
                    self.numbers.append(int(str(message.record["number"])))
                ended += isinstance(message, TERMINAL)

    def check(self) -> None:
        """Raise BridgeFailure unless every job's result came exactly once, in order."""
        check(
            self._results == [job.job for job in self._jobs],
            f"of {len(self._jobs)} jobs {len(set(self._results))} results came,"
            f" {len(self._results)} in all, or in another order",
        )
