"""/models: what is there, what can be got, and what is on its way.

As everything here it needs a token. What fills or empties the disk, and all below `/models/pulls`,
needs the bridge's own: a paired machine paints with what there is.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bridge.auth import PULLS, REMOVALS
from bridge.errors import JobRefusedError
from bridge.pulls import ModelPull, Pulls
from bridge.shelf import NoAnswerError, Shelf, ShelfError
from bridge.transports import Mounted, Shared
from bridge.transports.replies import HEADERS, Answer, asked, guarded, refused, said
from bridge.wire.errors import BAD_REQUEST, INTERNAL, UNKNOWN_MODEL

MODELS = "/models"
CATALOGUE = "/models/catalogue"
MAX_NAME = 2000


def mount(shared: Shared) -> Mounted:
    """Return the transport; found by `bridge.transports.mounted`."""
    desk = _Desk(shared.pulls, shared.shelf)
    routes = [
        Route(MODELS, _guarded(desk.models), methods=["GET"]),
        Route(REMOVALS, _guarded(desk.remove), methods=["POST"]),
        Route(CATALOGUE, _guarded(desk.catalogue), methods=["GET"]),
        Route(PULLS, _guarded(desk.pulls), methods=["GET"]),
        Route(PULLS, _guarded(desk.ask), methods=["POST"]),
        Route(f"{PULLS}/events", _guarded(desk.events), methods=["GET"]),
        Route(f"{PULLS}/{{pull}}", _guarded(desk.one), methods=["GET"]),
        Route(f"{PULLS}/{{pull}}", _guarded(desk.cancel), methods=["DELETE"]),
    ]
    return Mounted(routes, shared.pulls.run)


class _Desk:
    """Where models are asked for."""

    def __init__(self, pulls: Pulls, shelf: Shelf) -> None:
        self._pulls, self._shelf = pulls, shelf

    async def models(self, _: Request) -> Response:
        """List the models that are there, useless ones too, with the reason."""
        return said({"models": await self._shelf.models()})

    async def remove(self, request: Request) -> Response:
        """Put a model into the trash of the models folder."""
        name = _name(await asked(request, "name"))
        if not await self._shelf.remove(name):
            sentence = f"The models folder has no model {name[:100]!r}; other folders are not ours."
            return refused(404, UNKNOWN_MODEL, sentence, "name")
        return said({"removed": name})

    async def catalogue(self, _: Request) -> Response:
        """List what can be got by name."""
        from engine import offered  # read when first wanted: an idle bridge stays small

        return said({"models": [asdict(entry) for entry in offered().values()]})

    async def pulls(self, _: Request) -> Response:
        """List what is waiting, on its way, or over."""
        return said(_list_of(self._pulls.all))

    async def ask(self, request: Request) -> Response:
        """Take a wish; what becomes of it is told by the pull."""
        told = await asked(request, "name, accept_licence and update")
        name, accepted = _name(told), _flag(told, "accept_licence")
        update = _flag(told, "update")
        objection = await asyncio.to_thread(self._pulls.objection, name)
        if objection:
            return refused(404, UNKNOWN_MODEL, objection, "name")
        return said(_told(self._pulls.ask(name, accept_licence=accepted, update=update)), 202)

    async def one(self, request: Request) -> Response:
        """Tell how far one is."""
        pull = self._pulls.get(request.path_params["pull"])
        return _unknown() if pull is None else said(_told(pull))

    async def cancel(self, request: Request) -> Response:
        """End one; what has arrived of it stays."""
        pull = self._pulls.get(request.path_params["pull"])
        return _unknown() if pull is None else said(_told(await self._pulls.cancel(pull)))

    async def events(self, _: Request) -> Response:
        """Tell how far all are whenever that changes, until nothing is on its way."""

        async def lines() -> AsyncGenerator[str]:
            async for pulls in self._pulls.changes():
                yield f"event: pulls\ndata: {json.dumps(_list_of(pulls))}\n\n"

        return StreamingResponse(lines(), headers=HEADERS, media_type="text/event-stream")


def _guarded(answer: Answer) -> Answer:
    """Turn what goes wrong into an answer."""

    async def refusing(request: Request) -> Response:
        try:
            return await answer(request)
        except JobRefusedError as error:
            return refused(429, error.code, str(error), error.param)
        except ShelfError as error:
            return refused(409, BAD_REQUEST, str(error), "name")
        except NoAnswerError as error:
            return refused(500, INTERNAL, str(error), "")

    return guarded(refusing)


def _name(told: dict[str, Any]) -> str:
    name = told.get("name")
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= MAX_NAME:
        raise ValueError(
            f"name must be the name of a model, 1 to {MAX_NAME} printable characters: one of the"
            " catalogue, hf:OWNER/NAME, or an https address."
        )
    return name


def _flag(told: dict[str, Any], name: str) -> bool:
    value = told.get(name, False)
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false.")  # noqa: TRY004
    return value


def _unknown() -> Response:
    sentence = "No pull of this id is known: it was long ago, or before the bridge was started."
    return refused(404, BAD_REQUEST, sentence, "pull")


def _list_of(pulls: list[ModelPull]) -> dict[str, Any]:
    return {"pulls": [_told(pull) for pull in pulls]}


def _told(pull: ModelPull) -> dict[str, Any]:
    return {
        "id": pull.wish.id,
        "name": pull.wish.name,
        "state": pull.state,
        "model": pull.model,
        "file": pull.file,
        "done": pull.done,
        "total": pull.total,
        "reason": pull.reason,
        "message": pull.message,
        "notes": list(pull.notes),
    }
