"""The WebSocket at /v1/socket: the one file that owns sockets.

It turns frames into messages and effects into deeds. Reading and writing are two tasks of one
group; a client that does not read blocks its own writer and, after some answers, its own reader.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import NoReturn

from starlette.websockets import WebSocket, WebSocketDisconnect

from bridge.auth import HOLDER
from bridge.errors import JobRefusedError
from bridge.jobs import Jobs
from bridge.layers import Layers
from bridge.logs import about
from bridge.offer import Offer, Offers
from bridge.outbox import Outbox
from bridge.session import (
    Answer,
    CancelJob,
    Close,
    Conversation,
    Effect,
    Enqueue,
    Greet,
    KeepJob,
    SendHistory,
    SendResults,
)
from bridge.store import Store
from bridge.timeline import StoredJob
from bridge.wire.codec import decode, encode, header_bytes
from bridge.wire.errors import UNKNOWN_JOB, DecodeError
from bridge.wire.limits import MAX_MESSAGE_BYTES, MAX_SIDE
from bridge.wire.messages import (
    SUBPROTOCOL,
    VERSION,
    ClientMessage,
    Hello,
    History,
    Limits,
    Painted,
    Refused,
    ServerMessage,
    Submit,
    Welcome,
)

PATH = "/v1/socket"
_BIG = 256 * 1024  # bytes of JSON; more than that is parsed in a thread
_COPIED = 8 * 2**20  # bytes; copying fewer takes less time than handing them to a thread
_LAST_WORDS_S = 2.0  # how long a refused client may take to read why

log = logging.getLogger(__name__)


class _Closed(Exception):
    """The bridge closed the connection; ends its tasks."""


class Sockets:
    """Serves every connection; what they share is passed in."""

    def __init__(
        self,
        jobs: Jobs,
        store: Store,
        offers: Offers,
        *,
        server: str,
        max_pending: int = 100,
        hello_s: float = 10.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`hello_s`: how long a connection may stay silent before its hello."""
        self.jobs = jobs
        self.store = store
        self.layers = Layers()
        self.hello_s = hello_s
        self.clock = clock
        self._offers = offers
        self._server = server
        self._max_pending = max_pending
        self._present: Counter[str] = Counter()
        self._open: defaultdict[str, set[_Connection]] = defaultdict(set)  # by token's SHA-256
        offers.observe(self.renew)

    async def serve(self, socket: WebSocket) -> None:
        """Serve one connection until it ends."""
        offered = SUBPROTOCOL in socket.scope["subprotocols"]
        await socket.accept(subprotocol=SUBPROTOCOL if offered else None)
        offer = await self._offers.get()
        connection = _Connection(self, socket, offer, self._limits(offer))
        holder: str = socket.scope.get(HOLDER, "")
        self._open[holder].add(connection)
        try:
            with contextlib.suppress(WebSocketDisconnect, _Closed):
                await connection.serve(speaks=offered)
        finally:
            self._open[holder].discard(connection)
            if not self._open[holder]:
                del self._open[holder]

    async def dismiss(self, holder: str) -> None:
        """Close the connections that came with a token, which opens nothing any more."""
        for connection in self._open.get(holder, ()):
            connection.dismissed.set()

    def welcome(self, offer: Offer, limits: Limits, newest: int) -> Welcome:
        """Return the answer to a hello."""
        return Welcome(
            VERSION,
            self._server,
            limits,
            list(offer.models),
            list(offer.samplers),
            list(offer.schedules),
            newest,
            list(offer.prefills),
            list(offer.upscalers),
            list(offer.presets),
            list(offer.obtainable),
            list(offer.loras),
            list(offer.embeddings),
        )

    async def renew(self, offer: Offer) -> None:
        """Tell every client that there is something else to paint with."""
        for connection in [one for some in self._open.values() for one in some]:
            connection.renew(self.welcome(offer, self._limits(offer), 0))

    @property
    def clients(self) -> int:
        """How many clients are connected and have said hello."""
        return self._present.total()

    def entered(self, session: str) -> None:
        """Count a connection of a session."""
        self._present[session] += 1

    async def left(self, session: str) -> None:
        """Count a connection's end; the last one may end jobs."""
        self._present[session] -= 1
        if not self._present[session]:
            del self._present[session]
            await self.jobs.abandon(session)

    def _limits(self, offer: Offer) -> Limits:
        return Limits(MAX_MESSAGE_BYTES, MAX_SIDE, offer.candidates, offer.steps, self._max_pending)


class _Connection:
    """One client."""

    def __init__(self, shared: Sockets, socket: WebSocket, offer: Offer, limits: Limits) -> None:
        self._shared = shared
        self._socket = socket
        self._offer = offer
        self._limits = limits
        self._talk = Conversation(limits)
        self.dismissed = asyncio.Event()
        self._outbox: Outbox | None = None

    def renew(self, welcome: Welcome) -> None:
        """Send a welcome once more, to a client that has had its first."""
        if self._outbox is not None:
            self._outbox.put(welcome)

    async def serve(self, *, speaks: bool) -> None:
        """Greet, then read and write until either ends; raises WebSocketDisconnect or _Closed."""
        hello = await self._hello() if speaks else await self._end(self._talk.wrong_subprotocol())
        store = self._shared.store
        newest = store.newest(hello.session)
        # A number from before the bridge lost its memory must not hide what is new.
        seen = newest if hello.resume is None else min(hello.resume, newest)
        outbox = Outbox(store, hello.session, seen)
        outbox.put(self._shared.welcome(self._offer, self._limits, newest))
        self._outbox = outbox
        self._shared.entered(hello.session)
        log.info("%s connected.", hello.client[:100])
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write(outbox))
                group.create_task(self._listen(hello, outbox))
                group.create_task(self._dismissal())
        except* (WebSocketDisconnect, _Closed):
            pass  # either way it is over, and neither task is left
        finally:
            self._outbox = None
            outbox.close()
            await self._shared.left(hello.session)

    async def _hello(self) -> Hello:
        effect: Effect | None = None
        try:
            async with asyncio.timeout(self._shared.hello_s):
                effect = await self._effect()
        except TimeoutError:
            effect = self._talk.hello_overdue()
        return effect.hello if isinstance(effect, Greet) else await self._end(effect)

    async def _listen(self, hello: Hello, outbox: Outbox) -> None:
        while True:
            effect = await self._effect()
            if isinstance(effect, Close):
                await self._end(effect)
            elif effect is not None:
                with about(getattr(effect, "job", "-")):
                    await self._perform(effect, hello, outbox)
            await outbox.room()

    async def _dismissal(self) -> None:
        await self.dismissed.wait()
        await self._end(self._talk.dismissed())

    async def _write(self, outbox: Outbox) -> None:
        while True:
            await self._send(await outbox.next())

    async def _perform(self, effect: Effect, hello: Hello, outbox: Outbox) -> None:
        session = hello.session
        try:
            match effect:
                case Enqueue(submit=submit):
                    await self._enqueue(submit, hello)
                case Answer(message=message):
                    outbox.put(message)
                case CancelJob(job=job):
                    self._known(session, job)
                    await self._cancel(session, job, outbox)
                case KeepJob(job=job, candidates=candidates):
                    self._known(session, job)
                    self._shared.jobs.keep(session, job, candidates)
                case SendResults(job=job):
                    self._known(session, job)
                    outbox.again(self._shared.store.results(session, job))
                case SendHistory():
                    outbox.put(History(self._shared.store.summaries(session)))
        except JobRefusedError as error:
            job = _job_of(effect)
            log.info("Refused: %s", error)
            outbox.put(Refused(error.code, str(error), error.param, job))

    async def _enqueue(self, submit: Submit, hello: Hello) -> None:
        submit = await self._shared.layers.resolved(hello.session, submit)
        job = StoredJob(
            hello.session, submit, hello.preview_codec, hello.preview_side, self._shared.clock()
        )
        await self._shared.jobs.submit(job)

    async def _cancel(self, session: str, job: str, outbox: Outbox) -> None:
        end = self._shared.store.end_of(session, job)
        if end is None:
            await self._shared.jobs.cancel(session, job)
        else:
            outbox.again([end])

    def _known(self, session: str, job: str) -> None:
        if not self._shared.store.has_job(session, job):
            raise JobRefusedError(
                UNKNOWN_JOB,
                "This session has no job of this name; its results may have been kept for their"
                " time and removed. Ask for the history with an empty job.",
                param="job",
            )

    async def _effect(self) -> Effect | None:
        """Return what the next frame brings about; raises WebSocketDisconnect."""
        frame = await self._socket.receive()
        if frame["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(frame.get("code", 1005))
        content = frame.get("bytes")
        if content is None:
            return self._talk.text()
        try:
            return self._talk.received(await _decoded(content))
        except DecodeError as error:
            return self._talk.undecodable(error)

    async def _send(self, message: ServerMessage) -> None:
        await self._socket.send_bytes(await _encoded(message))

    async def _end(self, effect: Effect | None) -> NoReturn:
        """Say why and close; always raises _Closed."""
        if isinstance(effect, Close):
            log.warning("Connection closed: %s", effect.last.message)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_WORDS_S):
                    await self._send(effect.last)
            await self._socket.close(effect.code, effect.reason)
        raise _Closed


def _job_of(effect: Effect) -> str:
    return effect.submit.job if isinstance(effect, Enqueue) else getattr(effect, "job", "")


async def _decoded(frame: bytes) -> ClientMessage:
    """Return the message; its pictures are views of the frame."""
    if header_bytes(frame) < _BIG:
        return decode(frame, "client", blobs="view")
    return await asyncio.to_thread(decode, frame, "client", "view")


async def _encoded(message: ServerMessage) -> bytes:
    if isinstance(message, Painted) and len(message.picture.data) >= _COPIED:
        return await asyncio.to_thread(encode, message)
    return encode(message)
