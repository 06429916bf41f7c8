"""How the small HTTP routes take JSON in and give JSON out."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

MAX_BODY = 4096  # bytes
HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def said(told: dict[str, Any], status: int = 200) -> Response:
    """Return an answer."""
    return JSONResponse(told, status, HEADERS)


def refused(status: int, code: str, message: str, param: str) -> Response:
    """Return a refusal: a code for programs, a sentence for people, and which field was wrong."""
    error = {"code": code, "message": message, "param": param or None}
    return JSONResponse({"error": error}, status, HEADERS)


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
