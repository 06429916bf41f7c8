"""Wires the parts and mounts the transports; everything behind the wall of `auth`.

Starlette and not FastAPI: importing that takes longer than all else until the bridge is ready.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.routing import BaseRoute, WebSocketRoute

from bridge.auth import App, Rules, Wall
from bridge.jobs import Jobs
from bridge.memory import give_back
from bridge.offer import Offers
from bridge.store import Store
from bridge.tracing import Numbered
from bridge.transports import Mounted
from bridge.transports.websocket import PATH, Sockets

_SWEEP_S = 60.0


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
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
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
    return Numbered(Wall(Starlette(routes=routes, lifespan=lifespan), rules))


async def _run(transport: Mounted) -> None:
    await transport.run()


async def _swept(store: Store) -> None:
    while True:
        await asyncio.sleep(_SWEEP_S)
        await store.sweep()


async def _asked(offers: Offers) -> None:
    """Ask the engine what there is before the first client wants to know."""
    with suppress(OSError):  # asked again at the first hello
        await offers.get()
