"""Where files become pixels and pixels files: a child process, so that the bridge stays small.

Uploads come from strangers, and decoders have had holes: what reads them holds neither the engine
nor the bridge's keys. Started by the first picture, ended when it has rested for long. Large pixels
cross as blobs in a folder, files through the pipe.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from bridge.blobs import Blobs
from bridge.errors import JobRefusedError, WorkerDiedError
from bridge.logs import LogStyle
from bridge.wire.messages import Rect
from bridge.workers.pipe import LENGTHS, Note
from bridge.workers.process import child_command, child_environment

log = logging.getLogger(__name__)

IDLE_S = 600.0


@dataclass(frozen=True, slots=True)
class Developed:
    """An upload as pixels: the blobs hold RGBA8 and, where something is selected, a gray8 mask."""

    width: int
    height: int
    canvas: str
    mask: str | None


@dataclass(frozen=True, slots=True)
class Under:
    """What paint is laid on: the document's size afterwards, and the picture that was sent."""

    width: int
    height: int
    canvas: str | None = None  # a blob of RGBA8, of the document's size
    keeps_alpha: bool = False  # the picture's own transparency stays under the paint


@dataclass(frozen=True, slots=True)
class Output:
    """The file that is asked for."""

    format: str = "png"
    compression: int | None = None  # 0 to 100, of JPEG and WebP; None = best, WebP lossless
    size: tuple[int, int] | None = None  # pixels; None = as painted


@dataclass(frozen=True, slots=True)
class Print:
    """A file, and what it shows."""

    content: bytes = field(repr=False)
    width: int
    height: int
    transparent: bool


class Darkroom:
    """Develops and prints, one order at a time. Used from one event loop."""

    def __init__(
        self,
        blobs: Blobs,
        clock: Callable[[], float] = time.monotonic,
        logs: LogStyle | None = None,
    ) -> None:
        self._blobs = blobs
        self._logs = logs or LogStyle()
        self._clock = clock
        self._lock = asyncio.Lock()
        self._process: Process | None = None
        self._rested_since = clock()

    async def develop(self, image: bytes, mask: bytes | None, *, select: bool) -> Developed:
        """Return an upload's pixels; JobRefusedError on `image` or `mask` that cannot be used.

        With `select` the mask's transparency, or else the image's own, says where paint goes.
        """
        head, _ = await self._ask(
            image + (mask or b""),
            op="develop",
            image=len(image),
            masked=mask is not None,
            select=select,
        )
        return Developed(head["width"], head["height"], head["canvas"], head["mask"])

    async def print(
        self, patch: bytes, box: Rect, under: Under, output: Output, record: dict[str, object]
    ) -> Print:
        """Return the file of a patch (RGBA8 of the box) laid on what is under it."""
        return await self._printed(
            patch, under, op="print", box=asdict(box), output=asdict(output), record=record
        )

    async def proof(
        self, preview: bytes, mask: bytes, boxes: tuple[Rect, Rect], under: Under, output: Output
    ) -> Print:
        """Return the file of a picture that is still forming.

        `preview` is a JPEG of the first box, the context; `mask` (gray8) says what of the second,
        the paste box, belongs on the canvas.
        """
        context, paste = (asdict(box) for box in boxes)
        return await self._printed(
            preview + mask,
            under,
            op="proof",
            preview=len(preview),
            context=context,
            box=paste,
            output=asdict(output),
        )

    async def sheet(self, files: list[bytes], captions: list[str], output: Output) -> Print:
        """Return a contact sheet of files this darkroom printed."""
        lengths = [len(file) for file in files]
        return await self._printed(
            b"".join(files),
            None,
            op="sheet",
            lengths=lengths,
            captions=captions,
            output=asdict(output),
        )

    async def wake(self) -> None:
        """Start the process, so that it is there when the first picture is."""
        async with self._lock:
            await self._running()

    async def rest(self, idle_s: float = IDLE_S) -> None:
        """End the process when nothing was asked of it for so long."""
        if not self._lock.locked() and self._clock() - self._rested_since >= idle_s:
            await self.close()

    async def close(self) -> None:
        """End the process; the next order starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if process.stdin is not None:
            process.stdin.close()

    async def _printed(self, body: bytes, under: Under | None, **order: object) -> Print:
        ground = None if under is None else asdict(under)
        head, content = await self._ask(body, under=ground, **order)
        return Print(content, head["width"], head["height"], head["transparent"])

    async def _ask(self, body: bytes, **order: object) -> tuple[dict[str, Any], bytes]:
        async with self._lock:
            try:
                head, content = await self._answered(Note(order, body))
            except BaseException:
                # A reply that nobody reads any more would be taken for the next order's.
                await asyncio.shield(self.close())
                raise
            finally:
                self._rested_since = self._clock()
        if "refused" in head:
            raise JobRefusedError(head["code"], head["refused"], param=head["field"])
        return head, content

    async def _answered(self, note: Note) -> tuple[dict[str, Any], bytes]:
        process = await self._running()
        if process.stdin is None or process.stdout is None:
            raise WorkerDiedError("The darkroom has no pipes.")
        try:
            process.stdin.write(note.packed())
            await process.stdin.drain()
            head, body = LENGTHS.unpack(await process.stdout.readexactly(LENGTHS.size))
            answer = json.loads(await process.stdout.readexactly(head))
            return answer, await process.stdout.readexactly(body)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise WorkerDiedError("The process that reads and writes pictures ended.") from error

    async def _running(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *child_command("bridge.workers.prints"),
                str(self._blobs.folder),
                self._logs.level,
                self._logs.format,
                stdin=PIPE,
                stdout=PIPE,
                env=child_environment(),
            )
            log.info("The darkroom (process %d) has started.", self._process.pid)
        return self._process
