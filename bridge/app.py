"""Wires the parts and mounts the transports; everything behind the wall of `auth`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, WebSocketRoute

from bridge.auth import App, Rules, Wall
from bridge.jobs import Jobs
from bridge.memory import give_back
from bridge.offer import Offers
from bridge.store import Store
from bridge.tracing import Numbered
from bridge.transports import Mounted
from bridge.transports.websocket import PATH, Sockets
from bridge.wire.errors import BAD_REQUEST, INTERNAL, MEANINGS

_SWEEP_S = 60.0
_LOOK_S = 5.0  # between two looks at the models' folders

log = logging.getLogger(__name__)


def create_app(
    jobs: Jobs,
    store: Store,
    offers: Offers,
    rules: Rules,
    sockets: Sockets,
    transports: Sequence[Mounted] = (),
) -> App:
    """Return the bridge as an ASGI application; its lifespan runs the queue and the transports."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        async with asyncio.TaskGroup() as group:
            await jobs.resume()
            tasks = [
                group.create_task(jobs.run()),
                group.create_task(_swept(store)),
                group.create_task(give_back()),
                group.create_task(_asked(offers)),
                *(group.create_task(_run(transport)) for transport in transports),
            ]
            yield
            for task in tasks:
                task.cancel()

    routes: list[BaseRoute] = [WebSocketRoute(PATH, sockets.serve)]
    routes += [route for transport in transports for route in transport.routes]
    inner = FastAPI(
        routes=routes,
        lifespan=lifespan,
        exception_handlers=dict(_HANDLERS),
        openapi_url=None,  # docs/openapi.json describes all routes
        redirect_slashes=False,  # an address that is nearly right is none of ours
    )
    return Numbered(Wall(inner, rules))


async def _nowhere(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    sentence = f"There is nothing for {request.method} at {request.url.path[:200]}."
    headers = error.headers if isinstance(error, HTTPException) else None
    return _said(status, BAD_REQUEST, sentence, headers)


async def _fault(_: Request, __: Exception) -> Response:
    return _said(500, INTERNAL, MEANINGS[INTERNAL])


def _said(
    status: int, code: str, sentence: str, headers: Mapping[str, str] | None = None
) -> Response:
    # OpenAI's client asks for a type; an address under /v1 with a line break in it ends here too.
    kind = "server_error" if status >= 500 else "invalid_request_error"
    error = {"code": code, "message": sentence, "param": None, "type": kind}
    more = {"cache-control": "no-store", "x-content-type-options": "nosniff", **(headers or {})}
    return JSONResponse({"error": error}, status, more)


# Whatever goes wrong, a client gets a code and a sentence; the log gets the rest.
_HANDLERS: Mapping[Any, Any] = {404: _nowhere, 405: _nowhere, Exception: _fault}


async def _run(transport: Mounted) -> None:
    await transport.run()


async def _swept(store: Store) -> None:
    while True:
        try:
            await store.sweep()
        except OSError:  # a full disk may have room again; what is too old waits until then
            log.exception("What is past its time cannot be removed.")
        await asyncio.sleep(_SWEEP_S)


async def _asked(offers: Offers) -> None:
    """Ask the engine what there is before the first client wants to know, and when that changes."""
    while True:
        with suppress(OSError):  # no process left: asked again at a hello, and a little later
            await offers.get()
            await offers.look_again()
        await asyncio.sleep(_LOOK_S)
