"""One HTTP request of a command to a bridge, encrypted and trusted as its connection says."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import Any
from urllib.parse import urlsplit

from bridge.cli.failures import BridgeFailure
from bridge.wire.connection import Connection
from bridge.wire.trust import context_for

_TIMEOUT_S = 20.0
_MOST_BYTES = 1 << 20


def asked(connection: Connection, method: str, path: str, said: object = None) -> dict[str, Any]:
    """Return the bridge's JSON answer; raises BridgeFailure with its sentence, or why not."""
    link = _link(connection)
    headers = {"Authorization": f"Bearer {connection.token}"} if connection.token else {}
    body = None
    if said is not None:
        body, headers["Content-Type"] = json.dumps(said), "application/json"
    try:
        link.request(method, path, body, headers)
        answer = link.getresponse()
        content = answer.read(_MOST_BYTES)
    except ssl.SSLError as error:
        raise BridgeFailure(
            f"The bridge at {connection.url} is not trusted: {error.args[-1]}. Compare its"
            " fingerprint with the one that `mahlstick pair` tells on its machine."
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise BridgeFailure(f"No bridge answers at {connection.url}: {error}.") from error
    finally:
        link.close()
    return _told(answer.status, content, connection.url)


def _link(connection: Connection) -> http.client.HTTPConnection:
    parts = urlsplit(connection.url)
    host = parts.hostname or ""
    context = context_for(connection)
    if context is None:
        return http.client.HTTPConnection(host, parts.port or 80, timeout=_TIMEOUT_S)
    port = parts.port or 443
    return http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_S, context=context)


def _told(status: int, content: bytes, url: str) -> dict[str, Any]:
    try:
        told = json.loads(content)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise BridgeFailure(f"What answers at {url} (HTTP status {status}) is not a bridge.")
    if status == 200:
        return told
    error = told.get("error")
    sentence = error.get("message") if isinstance(error, dict) else None
    raise BridgeFailure(str(sentence or f"The bridge answered with HTTP status {status}."))
