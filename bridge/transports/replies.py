"""How the small HTTP routes take JSON in and give JSON out."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from bridge.errors import StateFolderError
from bridge.wire.errors import BAD_REQUEST, STORAGE_FAILED

Answer = Callable[[Request], Awaitable[Response]]

MAX_BODY = 4096  # bytes
HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def said(told: dict[str, Any], status: int = 200) -> Response:
    """Return an answer."""
    return JSONResponse(told, status, HEADERS)


def refused(status: int, code: str, message: str, param: str) -> Response:
    """Return a refusal: a code for programs, a sentence for people, and which field was wrong."""
    error = {"code": code, "message": message, "param": param or None}
    return JSONResponse({"error": error}, status, HEADERS)


def guarded(answer: Answer) -> Answer:
    """Return an answer that refuses what it cannot read and what the disk has no room for."""

    async def guard(request: Request) -> Response:
        try:
            return await answer(request)
        except StateFolderError as error:
            return refused(507, STORAGE_FAILED, str(error), "")
        except ValueError as error:
            return refused(400, BAD_REQUEST, str(error), "")
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is left to read it

    return guard


async def asked(request: Request, names: str) -> dict[str, Any]:
    """Return the JSON object of a request's body; ValueError, naming what it holds, without one."""
    body = await _body(request)
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise ValueError(f"The body must be one JSON object with {names}.")  # noqa: TRY004
    return told


async def _body(request: Request) -> bytes:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise ValueError("The body must be JSON; send it as application/json.")
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BODY:
            raise ValueError(f"The body is too large; accepted are {MAX_BODY} bytes.")
    return bytes(content)
