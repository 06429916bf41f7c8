"""The wall, asked by the requests that hostile pages make, against the real server."""

from __future__ import annotations

import http.client
import json
import logging

import pytest

from bridge.auth import Rules, check_listening
from bridge.errors import ListenError
from bridge.offer import Offer
from bridge.server import Parts, Ready, running
from bridge.settings import Settings
from bridge.wire.connection import read_connection
from bridge.workers.inline import InlineWorker
from tests.bridge.painters import FlatPainter

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "mahlstick.v1",
}
PLAIN = {"Content-Type": "text/plain"}


def ask(
    ready: Ready, method: str, path: str, headers: dict[str, str], *, token: bool = True
) -> tuple[int, str]:
    """Return status and error code; {port} in a header is the bridge's."""
    connection = http.client.HTTPConnection("127.0.0.1", ready.port, timeout=10)
    sent = {name: value.format(port=ready.port) for name, value in headers.items()}
    if token:  # so that nothing else can be the reason of a refusal
        secret = read_connection(ready.connection_file).token
        sent.setdefault("Authorization", f"Bearer {secret}")
    sent.setdefault("Host", f"127.0.0.1:{ready.port}")
    try:
        connection.putrequest(method, path, skip_host=True)
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        if answer.status == 101:
            return 101, ""
        body = answer.read()
    finally:
        connection.close()
    told = json.loads(body) if body.startswith(b"{") else {}
    return answer.status, told.get("error", {}).get("code", "")


HOSTILE = [
    ("POST", "/health", {"Origin": "https://evil.example", **PLAIN}),
    ("POST", "/health", {"Origin": "null", **PLAIN}),
    ("POST", "/health", {"Origin": "null", "Sec-Fetch-Site": "cross-site", **PLAIN}),
    ("POST", "/health", {"Host": "evil.example", "Origin": "http://evil.example", **PLAIN}),
    ("GET", "/health", {"Host": "evil.example"}),
    ("POST", "/health", {"Origin": "http://localhost:3000", **PLAIN}),
    ("GET", "/v1/socket", {"Origin": "https://evil.example", **UPGRADE}),
    ("GET", "/v1/socket", {"Origin": "null", **UPGRADE}),
    ("GET", "/v1/socket", {"Host": "evil.example", "Origin": "http://evil.example", **UPGRADE}),
    # and their relatives
    ("GET", "/health", {"Sec-Fetch-Site": "cross-site"}),
    ("GET", "/health", {"Sec-Fetch-Site": "same-site"}),
    ("GET", "/health", {"Origin": "http://127.0.0.1:{port}"}),
    ("GET", "/health", {"Host": "evil.example:{port}"}),
    ("GET", "/health", {"Host": "localhost.evil.example:{port}"}),
    ("GET", "/health", {"Host": "127.0.0.1"}),
    ("GET", "/health", {"Host": "127.0.0.1:1"}),
    ("GET", "/health", {"Host": "127.0.0.1:{port}:80"}),
    ("GET", "/health", {"Host": "evil@127.0.0.1:{port}"}),
    ("GET", "/health", {"Host": "2130706433:{port}"}),
    ("GET", "/health", {"Host": "127.1:{port}"}),
    ("GET", "/health", {"Host": "0.0.0.0:{port}"}),
    ("GET", "/health", {"Host": ""}),
    ("GET", "/v1/socket", {"Sec-Fetch-Site": "cross-site", **UPGRADE}),
    ("GET", "/v1/socket", {"Host": "evil.example:{port}", **UPGRADE}),
    ("GET", "/nowhere", {"Host": "evil.example"}),
    ("OPTIONS", "/health", {"Origin": "https://evil.example"}),
]


@pytest.mark.parametrize(("method", "path", "headers"), HOSTILE)
def test_a_hostile_page_gets_nothing(
    bridge: Ready, method: str, path: str, headers: dict[str, str]
) -> None:
    assert ask(bridge, method, path, headers) == (403, "forbidden_origin")


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_this_machine_is_let_in_by_its_own_names(bridge: Ready, name: str) -> None:
    host = name + ":{port}"
    assert ask(bridge, "GET", "/health", {"Host": host}, token=False) == (200, "")
    assert ask(bridge, "GET", "/v1/socket", {"Host": host, **UPGRADE}) == (101, "")


def test_two_host_headers_are_refused(bridge: Ready) -> None:
    scope = _scope(bridge.port, [(b"host", b"localhost:%d" % bridge.port)] * 2)
    refusal = Rules.of("secret").refusal(scope)
    assert refusal is not None
    assert refusal.status == 403


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer wrong", "Basic {token}", "{token}", "Bearer {token}x", "Bearer tök"],
)
def test_everything_but_health_needs_the_token(bridge: Ready, header: str) -> None:
    token = read_connection(bridge.connection_file).token
    headers = {"Authorization": header.format(token=token)}
    assert ask(bridge, "GET", "/v1/socket", {**UPGRADE, **headers}) == (401, "unauthorized")
    assert ask(bridge, "GET", "/nowhere", headers) == (401, "unauthorized")
    assert ask(bridge, "GET", "/health", headers) == (200, "")


def test_a_token_in_the_url_does_not_count(bridge: Ready) -> None:
    token = read_connection(bridge.connection_file).token
    path = f"/v1/socket?token={token}"
    assert ask(bridge, "GET", path, UPGRADE, token=False) == (401, "unauthorized")


def test_listed_hosts_and_origins_are_let_in(settings: Settings) -> None:
    listed = settings.model_copy(
        update={"allowed_hosts": ["Studio.local"], "allowed_origins": ["https://desk.example/"]}
    )
    parts = Parts(worker=InlineWorker(FlatPainter()), offer=Offer())
    origin = {"Origin": "https://desk.example", "Sec-Fetch-Site": "cross-site"}
    with running(listed, parts) as ready:
        assert ask(ready, "GET", "/health", {"Host": "studio.local:{port}"})[0] == 200
        assert ask(ready, "GET", "/v1/socket", {**UPGRADE, **origin})[0] == 101
        assert ask(ready, "GET", "/health", {"Origin": "https://desk.example.evil"})[0] == 403


def test_no_token_reaches_the_log(bridge: Ready, caplog: pytest.LogCaptureFixture) -> None:
    token = read_connection(bridge.connection_file).token
    with caplog.at_level(logging.DEBUG):
        ask(bridge, "GET", "/v1/socket", UPGRADE)
        ask(bridge, "GET", "/v1/socket", {**UPGRADE, "Origin": "null"})
        ask(bridge, "GET", "/nowhere", {"Authorization": f"Basic {token}"})
    assert "unauthorized" in caplog.text
    assert token not in caplog.text
    assert token not in repr(Rules.of(token))


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.168.1.2", "studio.local"],  # noqa: S104
)
def test_beyond_loopback_needs_allowed_hosts(host: str) -> None:
    with pytest.raises(ListenError, match="allowed_hosts"):
        check_listening(host, [])
    check_listening(host, ["studio.local"])


def test_beyond_loopback_needs_a_token_that_cannot_be_guessed() -> None:
    with pytest.raises(ListenError, match=r"6 characters.*at least 32"):
        check_listening("192.168.1.2", ["studio.local"], "secret")
    check_listening("192.168.1.2", ["studio.local"], "x" * 32)
    check_listening("127.0.0.1", [], "secret")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.53", "::1", "localhost"])
def test_loopback_needs_nothing(host: str) -> None:
    check_listening(host, [])


def _scope(port: int, headers: list[tuple[bytes, bytes]]) -> dict[str, object]:
    return {
        "type": "http",
        "scheme": "http",
        "path": "/health",
        "server": ("127.0.0.1", port),
        "headers": headers,
    }
