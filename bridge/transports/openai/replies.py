"""How an answer is sent: one JSON document, or server-sent events, in either case with errors."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Send

from bridge.errors import JobRefusedError, WorkerDiedError
from bridge.transports.openai.failures import OURS, ApiError, fault, of_refusal
from bridge.wire.errors import STORAGE_FAILED, WORKER_DIED

_STREAM_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]
_ANSWER_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}

log = logging.getLogger(__name__)


class Reply:
    """The answer to one request. A stream begins with its first frame."""

    def __init__(self, request: Request, send: Send) -> None:
        self._request = request
        self._send = send
        self._streams = False

    async def respond(self, response: Response) -> None:
        """Send a whole answer."""
        await response(self._request.scope, self._request.receive, self._send)

    async def json(self, body: Mapping[str, Any]) -> None:
        """Send one document; a long one is written down in a thread."""
        content = await asyncio.to_thread(json.dumps, body)
        await self.respond(Response(content, 200, _ANSWER_HEADERS, "application/json"))

    async def event(self, name: str, body: Mapping[str, Any]) -> None:
        """Send one event of a stream."""
        content = await asyncio.to_thread(json.dumps, {"type": name, **body})
        await self._frame(f"event: {name}\ndata: {content}\n\n")

    async def comment(self) -> None:
        """Send what says only that somebody is still there."""
        await self._frame(": painting\n\n")

    async def done(self) -> None:
        """End a stream."""
        await self._frame("data: [DONE]\n\n")
        await self._send({"type": "http.response.body", "body": b""})

    async def fail(self, error: ApiError) -> None:
        """Send an error: as the answer, or as the last event of a stream that has begun."""
        if not self._streams:
            await self.respond(error.response())
            return
        await self._frame(f"event: error\ndata: {json.dumps(error.body)}\n\n")
        await self._send({"type": "http.response.body", "body": b""})

    async def guarded(self, work: Awaitable[None]) -> None:
        """Do the work that answers; whatever goes wrong becomes an answer, too."""
        try:
            await work
        except ClientDisconnect:
            return  # in mid-upload: nobody is left to be told
        except ApiError as error:
            await self.fail(error)
        except JobRefusedError as error:
            await self.fail(of_refusal(error))
        except WorkerDiedError as error:
            sentence = f"{error} The picture may be damaged on purpose; send another."
            await self.fail(ApiError(500, OURS, WORKER_DIED, sentence))
        except OSError as error:
            log.exception("A picture cannot be stored.")
            sentence = (
                f"The bridge cannot write to its state folder ({error.strerror}). Free some space"
                " there and ask again."
            )
            await self.fail(ApiError(507, OURS, STORAGE_FAILED, sentence))
        except Exception:
            log.exception("A request failed because of a fault in the bridge.")
            await self.fail(fault())

    async def _frame(self, text: str) -> None:
        if not self._streams:
            self._streams = True
            start = {"type": "http.response.start", "status": 200, "headers": _STREAM_HEADERS}
            await self._send(start)
        body = {"type": "http.response.body", "body": text.encode(), "more_body": True}
        await self._send(body)
