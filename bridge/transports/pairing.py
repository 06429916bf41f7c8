"""/pair: where another machine gets its token, and where the owner rules over that.

`POST /pair` alone is open: whoever has the code has no token yet. All below it needs the bridge's
own token; a paired machine's is not enough to let others in.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bridge.auth import OWNER_PREFIX, PAIR
from bridge.pairing import CODE_TTL_S, MAX_NAME, Device, PairingError
from bridge.transports import Mounted, Shared
from bridge.transports.replies import Answer, asked, guarded, refused, said
from bridge.transports.websocket import PATH
from bridge.wire.errors import BAD_REQUEST, UNAUTHORIZED


def mount(shared: Shared) -> Mounted:
    """Return the transport; found by `bridge.transports.mounted`."""
    desk = _Desk(shared)
    routes = [
        Route(PAIR, _guarded(desk.pair), methods=["POST"]),
        Route(f"{OWNER_PREFIX}code", _guarded(desk.code), methods=["POST"]),
        Route(f"{OWNER_PREFIX}devices", _guarded(desk.devices), methods=["GET"]),
        Route(f"{OWNER_PREFIX}devices/{{device}}", _guarded(desk.forget), methods=["DELETE"]),
    ]
    return Mounted(routes, _nothing)


class _Desk:
    """Where machines come and go."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._pairing = shared.pairing

    async def pair(self, request: Request) -> Response:
        """Give a token for a code."""
        code, name = _wanted(await asked(request, "code and name"))
        device, token = self._pairing.redeem(code, name)
        version = self._shared.version
        return said({"token": token, "device": device.id, "path": PATH, "version": version})

    async def code(self, _: Request) -> Response:
        """Make a code."""
        return said({"code": self._pairing.invite(), "expires_in": CODE_TTL_S})

    async def devices(self, _: Request) -> Response:
        """List the machines."""
        return said({"devices": [_told(device) for device in self._pairing.devices.all()]})

    async def forget(self, request: Request) -> Response:
        """Let a machine in no longer; its connections end."""
        device = self._pairing.devices.forget(request.path_params["device"])
        if device is None:
            sentence = "No machine of this id is paired; list them with `mahlstick pair --list`."
            return refused(404, BAD_REQUEST, sentence, "device")
        await self._shared.dismiss(device.sha256)
        return said(_told(device))


def _guarded(answer: Answer) -> Answer:
    """Turn what goes wrong into an answer."""

    async def refusing(request: Request) -> Response:
        try:
            return await answer(request)
        except PairingError as error:
            return refused(403, UNAUTHORIZED, str(error), "code")

    return guarded(refusing)


def _wanted(told: dict[str, Any]) -> tuple[str, str]:
    """Return code and name; raises ValueError with a sentence."""
    code, name = told.get("code"), told.get("name", "")
    if not isinstance(code, str) or not isinstance(name, str):
        raise ValueError("code and name must be texts.")  # noqa: TRY004
    if not name.isprintable() or len(name) > MAX_NAME:
        raise ValueError(f"The name must be at most {MAX_NAME} printable characters.")
    return "".join(sign for sign in code if sign not in " -"), name or "unnamed"


def _told(device: Device) -> dict[str, Any]:
    return {"id": device.id, "name": device.name, "created": device.created}


async def _nothing() -> None:
    """Answering is all there is to do."""
