"""Has orders painted, and sends what they become."""

from __future__ import annotations

import asyncio
import base64
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.blobs import Blobs
from bridge.jobs import Jobs
from bridge.signing import Origin, Signer
from bridge.signing.signer import MIMES, kind_of
from bridge.store import Store
from bridge.timeline import StoredJob
from bridge.transports.openai.failures import of_end
from bridge.transports.openai.following import Following, size_of
from bridge.transports.openai.links import Links
from bridge.transports.openai.orders import Order
from bridge.transports.openai.replies import Reply
from bridge.wire.messages import Cancelled, Failed, Finished, Painted, Preview, Started
from bridge.workers.darkroom import Darkroom, Print, Under

# One session for all of the API: the queue's limit holds for it, editors have turns beside it.
# Its name is no UUID, so that no WebSocket can say hello in it and cancel what others ordered.
SESSION = "openai"
KEEP_ALIVE_S = 10.0
_PREVIEW_SIDE = 256
# Nothing is counted in tokens here, and nothing is billed.
_USAGE = {
    "input_tokens": 0,
    "input_tokens_details": {"image_tokens": 0, "text_tokens": 0},
    "output_tokens": 0,
    "total_tokens": 0,
}

Json = dict[str, Any]


@dataclass
class _Gathered:
    """What of an order is there."""

    started: Started | None = None
    partials: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    prints: dict[int, tuple[Painted, Print]] = field(default_factory=dict)


class Studio:
    """Paints orders. Used from one event loop."""

    def __init__(
        self,
        jobs: Jobs,
        store: Store,
        darkroom: Darkroom,
        blobs: Blobs,
        links: Links,
        signer: Signer,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._jobs = jobs
        self._store = store
        self._darkroom = darkroom
        self._blobs = blobs
        self._links = links
        self._signer = signer
        self._clock = clock

    def following(self, order: Order) -> Following:
        """Return what tells how an order gets on; to be entered before it is taken."""
        return Following(self._store, SESSION, order.submit.job, order.partials or 0)

    async def take(self, order: Order) -> Order:
        """Queue an order; return it without the pictures, which are kept on disk by then.

        Raises JobRefusedError.
        """
        now = self._clock()
        await self._darkroom.wake()
        await self._jobs.submit(StoredJob(SESSION, order.submit, "jpeg", _PREVIEW_SIDE, now))
        return replace(order, submit=replace(order.submit, image=None, mask=None))

    async def let_go(self, order: Order) -> None:
        """Cancel what is not done yet, and drop what was kept for it; idempotent."""
        await self._jobs.cancel(SESSION, order.submit.job)
        for blob in filter(None, (order.canvas, order.origin)):
            self._blobs.drop(blob)

    async def cancel(self, order: Order) -> None:
        """Cancel an order whose client is gone."""
        await self._jobs.cancel(SESSION, order.submit.job)

    async def answer(self, order: Order, following: Following, reply: Reply, base: str) -> None:
        """Send all results in one answer, best first; raises ApiError. `base`: for links."""
        have = _Gathered()
        best: list[int] | None = None
        while best is None:
            match await following.next(None):
                case Started() as started:
                    have.started = started
                case Painted() as painted:
                    await self._print(order, have, painted)
                case Finished(order=ranked):
                    best = ranked
                case Failed() | Cancelled() as end:
                    raise of_end(end)
        body = await self._summary(order, have, best)
        body["data"] = [
            {**_told(have.prints[k][0]), **await self._file(order, have.prints[k][1], base)}
            for k in best
        ]
        if order.sheet:
            sheet = await self._sheet(order, have, best)
            body["contact_sheet"] = await self._file(order, sheet, base)
        await reply.json(body)

    async def stream(self, order: Order, following: Following, reply: Reply) -> None:
        """Send partial images and results as they form; raises ApiError."""
        have = _Gathered()
        while True:
            match await following.next(KEEP_ALIVE_S):
                case None:
                    await reply.comment()
                case Started() as started:
                    have.started = started
                case Preview() as preview:
                    await self._send_partial(order, have, preview, reply)
                case Painted() as painted if painted.candidate not in have.prints:
                    await self._send_completed(order, have, painted, reply)
                case Finished():
                    await reply.done()
                    return
                case Failed() | Cancelled() as end:
                    raise of_end(end)

    async def _send_partial(
        self, order: Order, have: _Gathered, preview: Preview, reply: Reply
    ) -> None:
        started = have.started
        if started is None:
            return
        under = _under(order, started)
        boxes = (started.context, started.paste)
        proof = await self._darkroom.proof(
            preview.picture.data, started.mask.data, boxes, under, order.output
        )
        body = {
            **await self._pictured(order, proof),
            "partial_image_index": have.partials[preview.candidate],
            "image_index": preview.candidate,
        }
        have.partials[preview.candidate] += 1
        await reply.event(f"{order.kind}.partial_image", body)

    async def _send_completed(
        self, order: Order, have: _Gathered, painted: Painted, reply: Reply
    ) -> None:
        done = await self._print(order, have, painted)
        have.prints[painted.candidate] = (have.prints[painted.candidate][0], _emptied(done))
        body = {**await self._pictured(order, done), **_told(painted), "usage": _USAGE}
        await reply.event(f"{order.kind}.completed", body)

    async def _print(self, order: Order, have: _Gathered, painted: Painted) -> Print:
        """Return a result's file; a worker's second attempt paints no candidate twice."""
        if painted.candidate in have.prints or have.started is None:
            return have.prints[painted.candidate][1]
        patch, picture = painted.picture.data, replace(painted.picture, data=b"")
        under = _under(order, have.started)
        done = await self._darkroom.print(
            patch, painted.paste, under, order.output, dict(painted.record)
        )
        content = await asyncio.to_thread(self._signed, order, done.content, painted)
        done = replace(done, content=content)
        have.prints[painted.candidate] = (replace(painted, picture=picture), done)
        return done

    def _signed(self, order: Order, content: bytes, painted: Painted) -> bytes:
        sent = None if order.origin is None else self._blobs.read(order.origin)
        kind = None if sent is None else kind_of(sent)
        origin = Origin(sent, MIMES[kind]) if sent is not None and kind is not None else None
        return self._signer.signed(content, order.output.format, painted.record, origin)

    async def _sheet(self, order: Order, have: _Gathered, best: list[int]) -> Print:
        captions = [f"{k}: seed {have.prints[k][0].seed}" for k in best]
        files = [have.prints[k][1].content for k in best]
        return await self._darkroom.sheet(files, captions, order.output)

    async def _summary(self, order: Order, have: _Gathered, best: list[int]) -> Json:
        first = have.prints[best[0]][1] if best else None
        body: Json = {
            "created": int(self._clock()),
            "background": _background(first),
            "output_format": order.output.format,
            "usage": _USAGE,
        }
        if first is not None:
            body["size"] = f"{first.width}x{first.height}"
        if have.started is not None:
            body |= {
                "model": have.started.model,
                "seed": have.started.seed,
                "unknown_words": have.started.unknown_words,
                "notes": have.started.notes,
            }
        return body

    async def _pictured(self, order: Order, done: Print) -> Json:
        return {
            "b64_json": await _base64(done.content),
            "created_at": int(self._clock()),
            "size": f"{done.width}x{done.height}",
            "quality": "auto",
            "background": _background(done),
            "output_format": order.output.format,
        }

    async def _file(self, order: Order, done: Print, base: str) -> Json:
        if order.as_link:
            return {"url": base + await self._links.put(done.content, order.output.format)}
        return {"b64_json": await _base64(done.content)}


def _told(painted: Painted) -> Json:
    """Return what is told of a result besides its picture."""
    score = {} if painted.score is None else {"score": painted.score}
    return {"image_index": painted.candidate, "seed": painted.seed, **score}


def _under(order: Order, started: Started) -> Under:
    return Under(*size_of(started), order.canvas, order.keeps_alpha)


def _background(done: Print | None) -> str:
    return "transparent" if done is not None and done.transparent else "opaque"


def _emptied(done: Print) -> Print:
    """Return a print that was sent: a stream of many large ones keeps none."""
    return replace(done, content=b"")


async def _base64(content: bytes) -> str:
    return (await asyncio.to_thread(base64.b64encode, content)).decode()
