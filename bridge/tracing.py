"""An id for every HTTP request, told to its client and used in the log."""

from __future__ import annotations

import uuid

from bridge.auth import App, Message, Receive, Scope, Send

HEADER = b"x-request-id"


class Numbered:
    """ASGI middleware: `request_id` in the scope and, as `x-request-id`, on every answer."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the scope on with an id; never the client's own, which may be anything."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = scope["request_id"] = str(uuid.uuid4())

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (HEADER, name.encode())]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, named)
