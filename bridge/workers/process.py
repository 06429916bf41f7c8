"""The engine in a child process: it may die without taking the bridge along.

Started by the first job, not forked, and told everything on its command line. Its standard input is
the life line: it closes with this process, whatever ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bridge
from bridge.blobs import Blobs, blob_names, is_heavy
from bridge.errors import WorkerDiedError
from bridge.logs import LogStyle
from bridge.wire.codec import decode
from bridge.wire.messages import TERMINAL, JobEvent, Loading, Started
from bridge.workers import Assignment
from bridge.workers.pipe import LENGTHS, Note, crossing, lent
from bridge.workers.shared import taken
from bridge.workers.watchdog import Watchdog

ENGINE = "bridge.workers.child:engine_of"
HOOK_TIMEOUT_S = 120.0
_SECRETS = ("MAHLSTICK_TOKEN",)  # hooks run in the child, and have no business with it

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """Which engine the child makes: `module:factory`, called with the options (JSON-able)."""

    factory: str = ENGINE
    options: Mapping[str, Any] = field(default_factory=lambda: {"models": [], "hooks": []})


class ProcessWorker:
    """Paints in a child process, which lives on between jobs with its models warm."""

    def __init__(
        self,
        blobs: Blobs,
        engine: EngineChoice | None = None,
        logs: LogStyle | None = None,
        hook_timeout_s: float = HOOK_TIMEOUT_S,
    ) -> None:
        """A plugin's hook that takes longer than `hook_timeout_s` costs the child."""
        self._blobs = blobs
        self._engine = engine or EngineChoice()
        self._logs = logs or LogStyle()
        self._watchdog = Watchdog(hook_timeout_s)
        self._process: Process | None = None
        self._current = ""
        self._model: str | None = None
        self._early: list[bytes] | None = None  # notes told while the child is being started

    @property
    def pid(self) -> int | None:
        """The child's process id, or None while there is none."""
        return self._process.pid if self._process is not None and self._is_warm() else None

    @property
    def model(self) -> str | None:
        """The model that the child holds."""
        return self._model if self._is_warm() else None

    async def paint(self, assignment: Assignment) -> AsyncGenerator[JobEvent]:
        """Yield the job's events, the last one terminal; raises WorkerDiedError."""
        self._current, self._early = assignment.name, []
        self._watchdog.rest()
        ended = False
        try:
            if not self._is_warm():  # importing torch takes seconds: say what is being waited for
                model = assignment.submit.model or "the default model"
                yield Loading(0, assignment.submit.job, model)
            process = await self._running()
            await self._order(process, assignment)
            while not ended:
                event = await self._next(process, assignment)
                ended = isinstance(event, TERMINAL)
                if isinstance(event, Started):
                    self._model = event.model
                yield event
        finally:
            self._current = ""
            if not ended:  # nobody listens to what it would still say
                await self.release()

    def cancel(self, name: str) -> None:
        """Ask for the end of the current assignment."""
        self._tell(name, op="cancel")

    def keep(self, name: str, candidates: frozenset[int]) -> None:
        """Ask for an early end with these candidates as they are."""
        self._tell(name, op="keep", candidates=sorted(candidates))

    async def release(self) -> None:
        """End the child; its memory is the system's again."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if process.stdin is not None:
            process.stdin.close()
        log.info("The worker (process %d) has ended.", process.pid)

    def _tell(self, name: str, **head: object) -> None:
        if name != self._current:
            return
        note = Note({"name": name, **head}).packed()
        if self._early is not None:
            self._early.append(note)
        elif self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(note)

    def _is_warm(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def _running(self) -> Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        try:
            self._process = await asyncio.create_subprocess_exec(
                *child_command("bridge.workers.child"),
                f"--shared={self._blobs.folder}",
                f"--engine={self._engine.factory}",
                f"--options={json.dumps(self._engine.options)}",
                f"--log-level={self._logs.level}",
                f"--log-format={self._logs.format}",
                stdin=PIPE,
                stdout=PIPE,
                env=child_environment(),
            )
        except OSError as error:  # no memory, no process left
            raise WorkerDiedError(f"The process that paints cannot be started: {error}.") from error
        self._model = None
        log.info("The worker (process %d) has started.", self._process.pid)
        return self._process

    async def _order(self, process: Process, assignment: Assignment) -> None:
        stdin = process.stdin
        if stdin is None:
            raise WorkerDiedError("The worker has no input.")
        kept = assignment.pictures
        head = {
            "op": "paint",
            "name": assignment.name,
            "preview_codec": assignment.preview_codec,
            "preview_side": assignment.preview_side,
            "pictures": None if kept is None else str(kept.folder),
        }
        if is_heavy(assignment.submit):
            note = await asyncio.to_thread(lent, assignment.submit, self._blobs, **head)
        else:  # not worth a thread
            note = lent(assignment.submit, self._blobs, **head)
        try:
            stdin.writelines([note.packed(), *(self._early or ())])
            self._early = None
            await stdin.drain()
        except ConnectionError as error:
            raise await self._died(process) from error

    async def _next(self, process: Process, assignment: Assignment) -> JobEvent:
        try:
            note = await self._heard(process)
            while note.head["op"] == "hook":
                self._watchdog.heard(note.head)
                note = await self._heard(process)
        except TimeoutError:
            log.warning("A plugin hangs: the worker (process %d) is ended.", process.pid)
            await self.release()
            return self._watchdog.overrun(assignment.submit.job)
        event = decode(note.body, "server")
        if not isinstance(event, JobEvent) or note.head["op"] != "event":
            raise WorkerDiedError(f"The worker sent {event.type}, which is no event of a job.")
        if blob_names(event) and crossing(event, assignment, self._blobs) is self._blobs:
            return await asyncio.to_thread(taken, event, self._blobs)
        return event

    async def _heard(self, process: Process) -> Note:
        """Return the child's next note; TimeoutError when a plugin is at work for too long."""
        stdout = process.stdout
        if stdout is None:
            raise WorkerDiedError("The worker has no output.")
        try:
            async with asyncio.timeout_at(self._watchdog.deadline):
                head_bytes, body_bytes = LENGTHS.unpack(await stdout.readexactly(LENGTHS.size))
                head = json.loads(await stdout.readexactly(head_bytes))
                return Note(head, await stdout.readexactly(body_bytes))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise await self._died(process) from error

    async def _died(self, process: Process) -> WorkerDiedError:
        status = await process.wait()
        return WorkerDiedError(f"The process that paints ended (status {status}) in mid-job.")


def child_command(module: str) -> list[str]:
    """Return the command that runs one of our modules with this interpreter.

    `-P` keeps the current folder, which may hold anything, out of the child's import path.
    """
    return [sys.executable, "-P", "-m", module]


def child_environment() -> dict[str, str]:
    """Return our environment for a child: without secrets, and with this package to be found."""
    kept = {name: value for name, value in os.environ.items() if name not in _SECRETS}
    root = str(Path(bridge.__path__[0]).parent)
    # Threads that wait spin, which beside a busy editor slows painting down several times: less so.
    kept.setdefault("GOMP_SPINCOUNT", "20000")
    kept.setdefault("TQDM_DISABLE", "1")  # bars that libraries draw are no lines of a log
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    return kept
