"""Models on their way: one at a time, each by a process of its own, whoever asked staying or not.

What is wished for is written down, so that a bridge that was ended goes on when it is started
again. The process may be killed at any moment: what has arrived of a model stays.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import uuid
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from bridge.errors import JobRefusedError, StateFolderError
from bridge.state import write_private
from bridge.wire.errors import QUEUE_FULL
from bridge.workers.process import child_command, child_environment

FILE = "pulls.json"
MOST_WAITING = 50
_MOST_ENDED = 20

PullState = Literal["waiting", "fetching", "checking", "done", "failed", "cancelled"]
OVER = ("done", "failed", "cancelled")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where models come from and go to."""

    folder: Path
    endpoint: str | None = None
    hosts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asked for."""

    id: str
    name: str
    accept_licence: bool = False
    update: bool = False


@dataclass(frozen=True, slots=True)
class ModelPull:
    """A wish and how far it is. `model` is the one that is coming: a wish may need several.

    `done` and `total` are bytes of that model, of the file while that is checked. `reason` and
    `message` say why it failed: for programs, and for people.
    """

    wish: Wish
    state: PullState = "waiting"
    model: str = ""
    file: str = ""
    done: int = 0
    total: int = 0
    reason: str = ""
    message: str = ""
    notes: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in OVER

    def after(self, told: dict[str, Any]) -> ModelPull:
        """Return it after a line of the process."""
        match told["event"]:
            case "planned":
                notes = (*self.notes, *told["notes"])
                return replace(
                    self,
                    state="fetching",
                    model=told["name"],
                    file="",
                    done=0,
                    total=told["total"],
                    notes=notes,
                )
            case "arriving":
                return self._at("fetching", told)
            case "checking":
                return self._at("checking", told)
            case "failed":
                return replace(self, state="failed", reason=told["reason"], message=told["message"])
        return self

    def _at(self, state: PullState, told: dict[str, Any]) -> ModelPull:
        return replace(self, state=state, file=told["path"], done=told["done"], total=told["total"])


class Pulls:
    """The queue of pulls; used on the event loop."""

    def __init__(
        self, folder: Path, place: Place, arrived: Callable[[], Awaitable[object]]
    ) -> None:
        """`folder` keeps the wishes; `arrived` is called when a model has come."""
        self._file = folder / FILE
        self._place = place
        self._arrived = arrived
        self._pulls: dict[str, ModelPull] = {}
        self._process: tuple[str, Process] | None = None
        self._news = asyncio.Event()

    @property
    def all(self) -> list[ModelPull]:
        """Every pull that is waiting, under way, or ended not long ago; oldest first."""
        return list(self._pulls.values())

    @property
    def busy(self) -> bool:
        """Whether a process is getting something."""
        return self._process is not None

    def get(self, name: str) -> ModelPull | None:
        """Return a pull by its id."""
        return self._pulls.get(name)

    def objection(self, name: str) -> str:
        """Return a sentence where a name means nothing, with those near it; for a thread."""
        from engine import DownloadError, Downloads  # when first wanted: an idle bridge stays small

        try:
            Downloads(self._place.folder).check(name)
        except DownloadError as error:
            return str(error)
        return ""

    def ask(self, name: str, *, accept_licence: bool, update: bool) -> ModelPull:
        """Take a wish, once; raises JobRefusedError when too many wait, StateFolderError."""
        waiting = [pull for pull in self._pulls.values() if not pull.over]
        for pull in waiting:
            if (pull.wish.name, pull.wish.update) == (name, update):
                return pull
        if len(waiting) >= MOST_WAITING:
            raise JobRefusedError(
                QUEUE_FULL,
                f"{MOST_WAITING} models are waiting to be got; ask again when some have come.",
                param="name",
            )
        pull = ModelPull(Wish(uuid.uuid4().hex, name, accept_licence, update))
        self._set(pull)
        try:
            self._write()
        except StateFolderError:
            del self._pulls[pull.wish.id]
            raise
        return pull

    async def cancel(self, pull: ModelPull) -> ModelPull:
        """End a pull; what has arrived of it stays. One that is over stays as it ended."""
        if self._pulls[pull.wish.id].over:
            return self._pulls[pull.wish.id]
        ended = replace(self._pulls[pull.wish.id], state="cancelled")
        self._set(ended)
        if self._process is not None and self._process[0] == pull.wish.id:
            await _ended(self._process[1])
        self._write()
        return ended

    async def changes(self) -> AsyncGenerator[list[ModelPull]]:
        """Yield all pulls now and at every change, until nothing is under way."""
        while True:
            news = self._news
            yield self.all
            if all(pull.over for pull in self._pulls.values()):
                return
            await news.wait()

    async def run(self) -> None:
        """Get what is wished for, one by one, until cancelled."""
        self._read()
        while True:
            news = self._news
            waiting = next((one for one in self._pulls.values() if one.state == "waiting"), None)
            if waiting is None:
                await news.wait()
            else:
                await self._get(waiting)

    async def _get(self, pull: ModelPull) -> None:
        try:
            status = await self._got(pull.wish)
        except OSError as error:  # no memory, no process left
            log.exception("The process that gets models cannot be started.")
            self._fail(pull.wish, f"The process that gets models cannot be started: {error}.")
        else:
            self._conclude(pull.wish, status)
        with contextlib.suppress(StateFolderError):  # the wish is only asked for once more
            self._write()
        if self._pulls[pull.wish.id].state == "done":
            await self._arrived()

    async def _got(self, wish: Wish) -> int:
        """Run the process and follow what it says; return its exit status."""
        process = await asyncio.create_subprocess_exec(
            *child_command("bridge.workers.pulling"),
            json.dumps(self._told(wish)),
            stdin=PIPE,
            stdout=PIPE,
            env=child_environment(),
        )
        self._process = wish.id, process
        try:
            assert process.stdout is not None  # noqa: S101 - it was given a pipe
            async for line in process.stdout:
                if not self._pulls[wish.id].over:
                    self._set(self._pulls[wish.id].after(json.loads(line)))
            return await process.wait()
        finally:
            self._process = None
            await _ended(process)

    def _conclude(self, wish: Wish, status: int) -> None:
        pull = self._pulls[wish.id]
        if pull.over:
            log.info("A model is not got: %s", pull.message or pull.state)
        elif status == 0:
            self._set(replace(pull, state="done", file=""))
        else:
            self._fail(wish, f"The process that gets models ended (status {status}); ask again.")

    def _fail(self, wish: Wish, sentence: str) -> None:
        failed = replace(self._pulls[wish.id], state="failed", reason="died", message=sentence)
        self._set(failed)

    def _told(self, wish: Wish) -> dict[str, Any]:
        place = self._place
        where = {"folder": str(place.folder), "endpoint": place.endpoint, "hosts": [*place.hosts]}
        return {**where, **asdict(wish)}

    def _set(self, pull: ModelPull) -> None:
        self._pulls[pull.wish.id] = pull
        over = (one.wish.id for one in self._pulls.values() if one.over)
        ended = [name for name in over if name != pull.wish.id]
        for name in ended[:-_MOST_ENDED]:
            del self._pulls[name]
        before, self._news = self._news, asyncio.Event()
        before.set()

    def _write(self) -> None:
        """Write down what is still wished for; in a private file, as an address may hold a key."""
        wished = [asdict(pull.wish) for pull in self._pulls.values() if not pull.over]
        write_private(self._file, json.dumps(wished).encode())

    def _read(self) -> None:
        try:
            wished = [Wish(**told) for told in json.loads(self._file.read_bytes())]
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError):
            log.warning(
                "%s cannot be read: what was being got is to be asked for anew.", self._file
            )
            return
        for wish in wished:
            self._set(ModelPull(wish))


async def _ended(process: Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if process.stdin is not None:
        process.stdin.close()
