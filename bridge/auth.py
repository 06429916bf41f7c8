"""Who may talk to the bridge: the wall around every request and every WebSocket upgrade.

A web page the painter visits can reach the loopback address. What it cannot do is choose the Host
header of a rebound name, hide its Origin, or know the token; so the Host is checked against a list
(equality of Host and Origin proves nothing), any Origin not listed is refused, `null` too, and
everything but /health and signed links needs the token. Nothing here logs a header.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

from bridge.errors import ListenError
from bridge.wire.errors import FORBIDDEN_ORIGIN, UNAUTHORIZED

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK_NAMES = frozenset({"127.0.0.1", "[::1]", "localhost"})
PAIR = "/pair"  # who has a code has no token yet
OWNER_PREFIX = "/pair/"
PULLS = "/models/pulls"
REMOVALS = "/models/removals"
OWNERS = (OWNER_PREFIX, PULLS, REMOVALS)  # only the bridge's own token opens these
OPEN_PATHS = frozenset({"/health", "/health/ready", PAIR})
SIGNED_PREFIX = "/v1/images/files/"  # links under it carry a signature instead of the token
HOLDER = "mahlstick.holder"  # in a scope: the SHA-256 of the token it came with
SAFE_TOKEN = 32  # characters of a token that other machines may try
_DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is turned away."""

    status: int
    code: str
    message: str


def _nobody(_: bytes) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Rules:
    """Whom to let in. Hosts and origins are compared in lower case."""

    token: str
    hosts: frozenset[str] = frozenset()  # name, or name:port, besides the loopback names
    origins: frozenset[str] = frozenset()
    paired: Callable[[bytes], bool] = _nobody  # whether a token is a paired machine's

    @classmethod
    def of(
        cls,
        token: str,
        hosts: Iterable[str] = (),
        origins: Iterable[str] = (),
        paired: Callable[[bytes], bool] = _nobody,
    ) -> Rules:
        """Return rules with the lists in the form they are compared in."""
        return cls(
            token,
            frozenset(host.lower() for host in hosts),
            frozenset(origin.lower().rstrip("/") for origin in origins),
            paired,
        )

    def __repr__(self) -> str:
        return f"Rules(hosts={sorted(self.hosts)}, origins={sorted(self.origins)})"

    def refusal(self, scope: Scope) -> Refusal | None:
        """Return why an HTTP or WebSocket scope may not pass, or None."""
        headers = _headers(scope)
        return (
            self._wrong_host(headers.get("host", []), scope)
            or self._wrong_origin(headers)
            or self._wrong_token(headers.get("authorization", []), scope["path"])
        )

    def _wrong_host(self, given: list[str], scope: Scope) -> Refusal | None:
        host = given[0].lower() if len(given) == 1 else ""
        name, port = _split_host(host, _DEFAULT_PORTS.get(scope.get("scheme", "http"), 80))
        if name in LOOPBACK_NAMES and port == scope["server"][1]:
            return None
        if name and (name in self.hosts or host in self.hosts):
            return None
        return Refusal(
            403,
            FORBIDDEN_ORIGIN,
            "The request's Host is not a name of this bridge. Call it by 127.0.0.1, [::1] or"
            " localhost and its port, or add the name to allowed_hosts.",
        )

    def _wrong_origin(self, headers: dict[str, list[str]]) -> Refusal | None:
        origins = headers.get("origin", [])
        if origins:
            listed = len(origins) == 1 and origins[0].lower() in self.origins
            return None if listed else _ORIGIN
        sites = headers.get("sec-fetch-site", [])
        return None if all(site in ("none", "same-origin") for site in sites) else _ORIGIN

    def _wrong_token(self, given: list[str], path: str) -> Refusal | None:
        if path in OPEN_PATHS or path.startswith(SIGNED_PREFIX):
            return None
        shown = _shown(given)
        if shown is None:
            return _TOKEN
        if hmac.compare_digest(shown, self.token.encode()):
            return None
        return None if not path.startswith(OWNERS) and self.paired(shown) else _TOKEN


_ORIGIN = Refusal(
    403,
    FORBIDDEN_ORIGIN,
    "The request comes from a web page that may not call this bridge. Add its origin to"
    " allowed_origins if it should.",
)
_TOKEN = Refusal(
    401,
    UNAUTHORIZED,
    "The token is missing or wrong. Send 'Authorization: Bearer TOKEN' with the token from the"
    " connection file.",
)


class Wall:
    """ASGI middleware that lets through only what the rules allow."""

    def __init__(self, app: App, rules: Rules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the scope on, or answer with a refusal and nothing else."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._rules.refusal(scope)
        if refusal is None:
            scope[HOLDER] = holder_of(scope)
            await self._app(scope, receive, send)
            return
        log.warning("%s refused: %s", scope["type"], refusal.code)
        await _answer(refusal, scope["type"], send)


def holder_of(scope: Scope) -> str:
    """Return the SHA-256 of the token that a request shows; empty without one."""
    shown = _shown(_headers(scope).get("authorization", []))
    return "" if shown is None else hashlib.sha256(shown).hexdigest()


def check_listening(host: str, allowed_hosts: Iterable[str], token: str | None = None) -> None:
    """Raise ListenError for an address beyond loopback that anybody there could use.

    It needs a list of allowed hosts, and a token that cannot be guessed; None = one of our own.
    """
    if is_loopback(host):
        return
    if not any(allowed_hosts):
        raise ListenError(
            f"The bridge does not listen on {host!r} yet: other machines could reach it. List the"
            " names they will call it by in allowed_hosts, or listen on 127.0.0.1."
        )
    if token is not None and len(token) < SAFE_TOKEN:
        raise ListenError(
            f"The bridge does not listen on {host!r} with a token of {len(token)} characters, which"
            f" could be guessed. Give one of at least {SAFE_TOKEN}, or none: a random one is made."
        )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine's programs reach what listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _shown(given: list[str]) -> bytes | None:
    """Return the token in the one Authorization header; None where there is none."""
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    return token.strip().encode("utf-8", "surrogateescape") if scheme.lower() == "bearer" else None


def _headers(scope: Scope) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), []).append(
            value.decode("latin-1").strip()
        )
    return headers


def _split_host(host: str, default_port: int) -> tuple[str, int | None]:
    """Return name (IPv6 in brackets) and port of a Host header; ("", None) when it is none."""
    name, colon, port = host.rpartition(":")
    if not colon or host.endswith("]"):
        return host, default_port
    if not (port.isascii() and port.isdigit()) or (":" in name and not name.startswith("[")):
        return "", None
    return name, int(port)


async def _answer(refusal: Refusal, kind: str, send: Send) -> None:
    error = {"code": refusal.code, "message": refusal.message}
    # `type` and `param` are for clients of the OpenAI API.
    error |= {"type": "invalid_request_error", "param": None}
    body = json.dumps({"error": error}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    prefix = "websocket.http.response" if kind == "websocket" else "http.response"
    await send({"type": f"{prefix}.start", "status": refusal.status, "headers": headers})
    await send({"type": f"{prefix}.body", "body": body})
