"""The paths under /v1, and what each does with a request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from bridge.auth import SIGNED_PREFIX
from bridge.blobs import Blobs
from bridge.logs import about
from bridge.offer import Offers
from bridge.transports.openai import orders
from bridge.transports.openai.failures import INVALID, ApiError
from bridge.transports.openai.fields import Edit, Generation, Variation
from bridge.transports.openai.links import Links
from bridge.transports.openai.orders import Order, form_body, json_body, wished
from bridge.transports.openai.pace import Pace
from bridge.transports.openai.replies import Reply
from bridge.transports.openai.studio import Studio
from bridge.wire.messages import ModelInfo
from bridge.workers.darkroom import Darkroom

METHODS = {
    "/v1/images/generations": "POST",
    "/v1/images/edits": "POST",
    "/v1/images/variations": "POST",
    "/v1/models": "GET",
}
_ANY = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

Action = Callable[[Request, Reply], Awaitable[None]]


class _Endpoint:
    """An ASGI application that answers with an action, or with what went wrong in it."""

    def __init__(self, action: Action) -> None:
        self._action = action

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        reply = Reply(request, send)
        with about(job_of(request)):
            await reply.guarded(self._action(request, reply))


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What answers; all of it from one event loop."""

    studio: Studio
    offers: Offers
    darkroom: Darkroom
    blobs: Blobs
    links: Links
    pace: Pace
    since: int  # seconds since the epoch

    def routes(self) -> list[BaseRoute]:
        """Return the routes; the last one answers for every other path under /v1."""
        actions: dict[str, Action] = {
            "/v1/images/generations": self._generations,
            "/v1/images/edits": self._edits,
            "/v1/images/variations": self._variations,
            "/v1/models": self._models,
        }
        return [
            *(Route(path, _Endpoint(do), methods=[METHODS[path]]) for path, do in actions.items()),
            Route("/v1/models/{model:path}", _Endpoint(self._model), methods=["GET"]),
            Route(SIGNED_PREFIX + "{name}", _Endpoint(self._file), methods=["GET"]),
            Route("/v1/{rest:path}", _Endpoint(_nowhere), methods=_ANY),
        ]

    async def _generations(self, request: Request, reply: Reply) -> None:
        wish = wished(Generation, await json_body(request))
        self.pace.admit(wish.n)
        order = orders.generation(wish, job_of(request), await self.offers.get())
        await self._paint(order, request, reply)

    async def _edits(self, request: Request, reply: Reply) -> None:
        texts, uploads = await form_body(request)
        wish = wished(Edit, texts)
        self.pace.admit(wish.n)
        order = await orders.edit(
            wish, uploads, job_of(request), await self.offers.get(), self.darkroom, self.blobs
        )
        del uploads  # the job may wait for long, its pixels are on disk
        await self._paint(order, request, reply)

    async def _variations(self, request: Request, reply: Reply) -> None:
        texts, uploads = await form_body(request)
        wish = wished(Variation, texts)
        self.pace.admit(wish.n)
        order = await orders.variation(
            wish, uploads, job_of(request), await self.offers.get(), self.darkroom, self.blobs
        )
        del uploads
        await self._paint(order, request, reply)

    async def _paint(self, order: Order, request: Request, reply: Reply) -> None:
        try:
            with self.studio.following(order) as following:
                order = await self.studio.take(order)
                if order.partials is None:
                    base = f"{request.url.scheme}://{request.headers['host']}"
                    work = self.studio.answer(order, following, reply, base)
                else:
                    work = self.studio.stream(order, following, reply)
                async with asyncio.TaskGroup() as group:
                    watching = group.create_task(self._attend(order, request))
                    await reply.guarded(work)
                    watching.cancel()
        finally:
            await self.studio.let_go(order)

    async def _attend(self, order: Order, request: Request) -> None:
        """Cancel the job when its client hangs up."""
        while (await request.receive())["type"] != "http.disconnect":
            continue
        await self.studio.cancel(order)

    async def _models(self, _request: Request, reply: Reply) -> None:
        offer = await self.offers.get()
        listed = [self._told(model) for model in offer.models]
        await reply.json({"object": "list", "data": listed})

    async def _model(self, request: Request, reply: Reply) -> None:
        offer = await self.offers.get()
        asked = request.path_params["model"]
        name = orders.model_named(asked, offer)
        found = next((model for model in offer.models if name in (None, model.name)), None)
        if found is None:
            sentence = "No model is installed; `mahlstick doctor` says what is missing."
            raise ApiError(404, INVALID, "model_not_found", sentence, param="model")
        await reply.json({**self._told(found), "id": asked})

    async def _file(self, request: Request, reply: Reply) -> None:
        query = request.query_params
        file = self.links.response(
            request.path_params["name"], query.get("expires", ""), query.get("signature", "")
        )
        await reply.respond(file)

    def _told(self, model: ModelInfo) -> dict[str, object]:
        more = asdict(model)
        return {
            "id": more.pop("name"),
            "object": "model",
            "created": self.since,
            "owned_by": "mahlstick",
            **more,
        }


async def _nowhere(request: Request, _reply: Reply) -> None:
    path = request.url.path
    parametric = path.startswith((SIGNED_PREFIX, "/v1/models/"))
    method = METHODS.get(path, "GET" if parametric else request.method)
    if method != request.method:
        sentence = f"{request.method} is not for {path}; use {method}."
        error = ApiError(405, INVALID, "method_not_allowed", sentence)
        error.headers["allow"] = method
        raise error
    raise ApiError(
        404,
        INVALID,
        "unknown_url",
        f"There is nothing at {path[:200]}. There are {', '.join(METHODS)} and /v1/models/MODEL.",
    )


def job_of(request: Request) -> str:
    """Return the request's id, which is also its job's name in the log and the history."""
    return request.scope["request_id"]
