"""What every measurement needs: a bridge of its own, clients of it, and a clock."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.cli.failures import BridgeFailure
from bridge.wire.client import Client
from bridge.wire.connection import Connection, read_connection
from bridge.wire.messages import TERMINAL, VERSION, Finished, Hello, ServerMessage, Submit

Options = Mapping[str, object]
NULL = "bridge.cli.bench.painters:null"
LOG = "bridge.log"  # in its folder
PATIENCE_S = 120.0  # no measurement waits longer for one message


@dataclass(frozen=True)
class Bridge:
    """A running bridge."""

    connection: Connection
    process: subprocess.Popen[str]
    folder: Path

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.connection.url.rpartition(":")[2].partition("/")[0])

    def connect(self, session: str | None = None, resume: int | None = None) -> Client:
        """Return a client of a session, a new one unless it is named."""
        hello = Hello(VERSION, "bench", session or new_id(), resume=resume)
        return Client.open(self.connection, hello)

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    def children(self) -> list[int]:
        """Return the process ids of its children; Linux only."""
        path = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(pid) for pid in path.read_text().split()]


@contextlib.contextmanager
def a_bridge(
    folder: Path, engine: str = NULL, options: Options | None = None, **settings: object
) -> Iterator[Bridge]:
    """Yield a bridge whose state lies in the folder; it ends with this block."""
    process = spawned(folder, engine, options, **settings)
    with process:
        try:
            yield ready(process, folder)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


@contextlib.contextmanager
def bridge_and_client(
    engine: str = NULL, options: Options | None = None, **settings: object
) -> Iterator[tuple[Bridge, Client]]:
    """Yield a bridge in a folder of its own and a client of it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        a_bridge(Path(folder), engine, options, **settings) as bridge,
        bridge.connect() as client,
    ):
        yield bridge, client


def check(holds: bool, else_: str) -> None:
    """Raise BridgeFailure where a bridge does not do what is measured."""
    if not holds:
        raise BridgeFailure(f"This cannot be measured: {else_}.")


def spawned(
    folder: Path, engine: str = NULL, options: Options | None = None, **settings: object
) -> subprocess.Popen[str]:
    """Return a bridge that is starting."""
    given = [str(folder), engine, json.dumps(options or {}), json.dumps(settings, default=str)]
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / LOG, "ab") as errors:
        # The command is this interpreter with arguments made here.
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "bridge.cli.bench.serving", *given],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )


def ready(process: subprocess.Popen[str], folder: Path) -> Bridge:
    """Wait until a bridge answers."""
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        process.kill()
        last = (folder / LOG).read_text(errors="replace").splitlines()[-3:]
        raise BridgeFailure(f"The bridge for measuring ended at once: {' '.join(last)}")
    return Bridge(read_connection(Path(json.loads(line)["connection_file"])), process, folder)


def new_id() -> str:
    """Return a UUID."""
    return str(uuid.uuid4())


def a_job(prompt: str = "", **fields: Any) -> Submit:  # noqa: ANN401 - a submit's, of all types
    """Return a job of one candidate without previews, unless the fields say otherwise."""
    usual: dict[str, Any] = {"candidates": 1, "seed": 1, "previews": False}
    return Submit(new_id(), fields.pop("mode", "generate"), prompt=prompt, **{**usual, **fields})


def hear(client: Client) -> ServerMessage:
    """Return the next message; raises BridgeFailure when none comes for long."""
    message = client.receive(PATIENCE_S)
    if message is None:
        raise BridgeFailure(f"The bridge said nothing for {PATIENCE_S:.0f} seconds.")
    return message


def hear_until(client: Client, *kinds: type[Any]) -> list[ServerMessage]:
    """Return all messages up to the first of these kinds."""
    heard = [hear(client)]
    while not isinstance(heard[-1], kinds):
        heard.append(hear(client))
    return heard


def painted(client: Client, job: Submit) -> list[ServerMessage]:
    """Submit a job and return all that is said until its good end."""
    client.send(job)
    heard = hear_until(client, *TERMINAL)
    check(isinstance(heard[-1], Finished), f"a job did not end well: {heard[-1]}")
    return heard


def timed(client: Client, job: Submit) -> float:
    """Return milliseconds from submitting a job to its end."""
    began = time.perf_counter()
    painted(client, job)
    return (time.perf_counter() - began) * 1000


def resident(pid: int, what: str = "VmRSS") -> float | None:
    """Return a process's memory in MB (10^6 bytes), or None where /proc is missing."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{what}:"):
                return int(line.split()[1]) * 1024 / 1e6
    return None
