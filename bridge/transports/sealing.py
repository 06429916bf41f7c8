"""Signs pictures that clients put together from results: POST /sign with a form, see docs/protocol.

The client lays the paint on its document and exports that; the bridge alone holds the key. What the
manifest says comes from the bridge's own record of the result, never from the client.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bridge.signing import Origin, Signer
from bridge.signing.signer import MIMES, kind_of
from bridge.store import Store
from bridge.transports import Mounted, Shared
from bridge.wire.errors import BAD_REQUEST, TOO_LARGE, UNKNOWN_JOB
from bridge.wire.limits import MAX_MESSAGE_BYTES
from bridge.wire.messages import Painted

PATH = "/sign"
_FILES, _TEXTS = ("file", "origin"), ("session", "job", "candidate")
_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-disposition": "attachment",
}


class _RefusedError(Exception):
    def __init__(self, status: int, code: str, param: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.param = status, code, param

    def response(self) -> Response:
        told = {"code": self.code, "message": str(self), "param": self.param}
        return JSONResponse({"error": told}, self.status, _HEADERS)


@dataclass(frozen=True, slots=True)
class _Asked:
    session: str
    job: str
    candidate: int
    content: bytes
    kind: str
    origin: Origin | None


def mount(shared: Shared) -> Mounted:
    """Return the transport; found by `bridge.transports.mounted`."""
    signer = Signer(shared.authority)

    async def sign(request: Request) -> Response:
        try:
            asked = await _asked(request)
            record = _record(shared.store, asked)
        except _RefusedError as error:
            return error.response()
        except ClientDisconnect:
            return Response(status_code=400)  # in mid-upload: nobody is left to be told
        done = await asyncio.to_thread(
            signer.signed, asked.content, asked.kind, record, asked.origin
        )
        return Response(done, headers={**_HEADERS, "content-type": MIMES[asked.kind]})

    async def nothing() -> None:
        return

    return Mounted([Route(PATH, sign, methods=["POST"])], nothing)


async def _asked(request: Request) -> _Asked:
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        raise _RefusedError(411, BAD_REQUEST, "", "The form's length is missing.")
    if int(length) > MAX_MESSAGE_BYTES:
        limit = MAX_MESSAGE_BYTES // 2**20
        raise _RefusedError(413, TOO_LARGE, "", f"The form is too large; accepted are {limit} MiB.")
    try:
        async with request.form(max_files=2, max_fields=3) as form:
            return await _read(form)
    except HTTPException as error:
        raise _RefusedError(
            400,
            BAD_REQUEST,
            "",
            f"The form cannot be read ({error.detail}). Send multipart/form-data with the texts"
            " session, job and candidate and the file `file`; `origin` may be a second file.",
        ) from error


async def _read(form: FormData) -> _Asked:
    texts = {name: form.get(name) for name in _TEXTS}
    for name, value in texts.items():
        if not isinstance(value, str) or not value:
            raise _RefusedError(400, BAD_REQUEST, name, f"The text {name!r} is missing.")
    number = str(texts["candidate"])
    if not number.isdecimal() or len(number) > 4:
        message = f"The candidate is {number[:20]!r}; accepted are numbers from 0."
        raise _RefusedError(400, BAD_REQUEST, "candidate", message)
    files = {name: await _file(form, name) for name in _FILES}
    if files["file"] is None:
        message = "The file `file` is missing: send the picture to be signed."
        raise _RefusedError(400, BAD_REQUEST, "file", message)
    kind, content = files["file"]
    origin = files["origin"] and Origin(files["origin"][1], MIMES[files["origin"][0]])
    job = (str(texts["session"]), str(texts["job"]), int(number))
    return _Asked(*job, content, kind, origin or None)


async def _file(form: FormData, name: str) -> tuple[str, bytes] | None:
    """Return the kind and the content of an uploaded picture; None where there is none."""
    upload = form.get(name)
    if upload is None:
        return None
    content = await upload.read() if isinstance(upload, UploadFile) else b""
    kind = kind_of(content)
    if kind is not None:
        return kind, content
    raise _RefusedError(
        400, BAD_REQUEST, name, f"The file {name!r} is no PNG, JPEG or WebP; export it as one."
    )


def _record(store: Store, asked: _Asked) -> Mapping[str, Any]:
    """Return the bridge's own record of a result."""
    if store.has_job(asked.session, asked.job):
        for event in store.events_of(asked.session, asked.job):
            if isinstance(event, Painted) and event.candidate == asked.candidate:
                return event.record
    raise _RefusedError(
        404,
        UNKNOWN_JOB,
        "job",
        "There is no such result here: it was not painted by this bridge, or its time to live is"
        " over. The file still carries its record; only the signature is missing.",
    )
