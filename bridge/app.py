"""Wires the parts and mounts the transports; everything behind the wall of `auth`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from bridge.auth import App, Rules, Wall
from bridge.jobs import Jobs
from bridge.offer import Offers
from bridge.store import Store
from bridge.transports.websocket import PATH, Sockets

_SWEEP_S = 60.0


def create_app(jobs: Jobs, store: Store, offers: Offers, rules: Rules, sockets: Sockets) -> App:
    """Return the bridge as an ASGI application; its lifespan runs the queue."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        async with asyncio.TaskGroup() as group:
            await jobs.resume()
            tasks = [
                group.create_task(jobs.run()),
                group.create_task(_swept(store)),
                group.create_task(_asked(offers)),
            ]
            yield
            for task in tasks:
                task.cancel()

    # No generated pages: they would be the only ones, and load scripts from elsewhere.
    app = FastAPI(title="Mahlstick", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.add_api_route("/health", _health, methods=["GET"])
    app.add_api_websocket_route(PATH, sockets.serve)
    return Wall(app, rules)


async def _health() -> dict[str, bool]:
    """Say that the bridge is there."""
    return {"live": True, "ready": True}


async def _swept(store: Store) -> None:
    while True:
        await asyncio.sleep(_SWEEP_S)
        await store.sweep()


async def _asked(offers: Offers) -> None:
    """Ask the engine what there is before the first client wants to know."""
    with suppress(OSError):  # asked again at the first hello
        await offers.get()
