"""The bridge a command talks to: the one that runs, or one started for this command alone."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from bridge.cli.failures import BridgeFailure
from bridge.wire.client import Client
from bridge.wire.connection import (
    VARIABLE,
    Connection,
    connection_path,
    parse_connection,
    read_connection,
)
from bridge.wire.errors import ConnectionFileError, UnreachableError, WireError
from bridge.wire.messages import VERSION as PROTOCOL
from bridge.wire.messages import Hello

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0
_TAIL_LINES = 5


def hello(client: str = "mahlstick command line") -> Hello:
    """Return the greeting of a session of its own; previews are at most 256 pixels wide."""
    return Hello(version=PROTOCOL, client=client, session=str(uuid.uuid4()), preview_side=256)


def running_bridge(state_dir: Path | None = None) -> Connection | None:
    """Return where a bridge answers, or None; does not start one."""
    for path in _candidates(state_dir):
        with contextlib.suppress(ConnectionFileError):
            connection = read_connection(path)
            if not connection.process_is_gone():
                return connection
    return None


def _candidates(state_dir: Path | None) -> list[Path]:
    if state_dir is not None:
        return [state_dir / "connection.json"]
    return [connection_path()]


@contextlib.contextmanager
def connected(state_dir: Path | None = None) -> Iterator[Client]:
    """Yield a client of the running bridge, or of one that ends with this block."""
    connection = running_bridge(state_dir)
    if connection is not None:
        try:
            client = Client.open(connection, hello())
        except UnreachableError:
            if os.environ.get(VARIABLE) or connection.remote:
                raise  # the painter named this bridge: another one would be a surprise
        else:
            with client:
                yield client
            return
    with _own_or_winner(state_dir) as own, Client.open(own, hello()) as client:
        yield client


@contextlib.contextmanager
def _own_or_winner(state_dir: Path | None) -> Iterator[Connection]:
    """Yield a bridge of our own, or the one that another program started at the same moment."""
    with contextlib.ExitStack() as stack:
        try:
            connection = stack.enter_context(_own_bridge(state_dir))
        except BridgeFailure:
            winner = running_bridge(state_dir)
            if winner is None:
                raise
            connection = winner
        yield connection


@contextlib.contextmanager
def _own_bridge(state_dir: Path | None) -> Iterator[Connection]:
    # S603: the command is this interpreter with arguments made here.
    command = [sys.executable, "-m", "bridge", "serve", "--port", "0"]
    if state_dir is not None:
        command += ["--state-dir", str(state_dir)]
    process = subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    log = _Tail(process.stderr)
    try:
        yield _announced(process, log)
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.join()
        if process.stdout:
            process.stdout.close()


def _announced(process: subprocess.Popen[str], log: _Tail) -> Connection:
    line = _first_line(process)
    try:
        ready = json.loads(line)
        path = Path(ready["connection_file"])
        return parse_connection(path.read_bytes(), path)
    except (ValueError, KeyError, TypeError, OSError):
        process.kill()
        log.join()
        said = log.text() or line.strip() or "it said nothing"
        raise BridgeFailure(f"The bridge could not be started: {said}") from None


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None  # noqa: S101 - Popen was given a pipe
    killer = threading.Timer(START_TIMEOUT_S, process.kill)
    killer.start()
    try:
        return process.stdout.readline()
    finally:
        killer.cancel()


class _Tail(threading.Thread):
    """Reads a pipe to its end, so that it never fills, and remembers the last lines."""

    def __init__(self, stream: IO[str] | None) -> None:
        super().__init__(name="bridge-log", daemon=True)
        self._stream = stream
        self._lines: list[str] = []
        self.start()

    def run(self) -> None:
        """Read until the process closes the pipe."""
        if self._stream is None:
            return
        with self._stream:
            for line in self._stream:
                self._lines = [*self._lines, line.strip()][-_TAIL_LINES:]

    def text(self) -> str:
        """Return the last lines."""
        return " ".join(self._lines)


def as_failure(error: WireError) -> BridgeFailure:
    """Return a link's error as the end of a command."""
    return BridgeFailure(error.message)
