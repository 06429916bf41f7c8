"""What a client is told when something is not there, or breaks."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from bridge.pairing import Pairing
from bridge.server import Parts, Ready, running
from bridge.settings import Settings
from bridge.store import Store
from bridge.transports import watching
from bridge.wire.connection import read_connection
from bridge.workers.inline import InlineWorker
from tests.bridge.painters import FlatPainter
from tests.bridge.talk import OFFER
from tests.bridge.transports.test_watching import wait_until

SECRET = "the inside of the bridge"


def ask(ready: Ready, method: str, path: str) -> tuple[int, dict[str, Any], Any]:
    token = read_connection(ready.connection_file).token
    connection = http.client.HTTPConnection("127.0.0.1", ready.port, timeout=60)
    try:
        connection.request(method, path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), answer.headers
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/nowhere/../../etc/passwd", 404),
        ("GET", "/health/", 404),
        ("POST", "/health", 405),
        ("GET", "/pair", 405),
        ("PUT", "/pair/code", 405),
        ("DELETE", "/metrics", 405),
    ],
)
def test_what_is_not_there_is_a_code_and_a_sentence(
    bridge: Ready, method: str, path: str, status: int
) -> None:
    found, told, headers = ask(bridge, method, path)
    assert (found, told["error"]["code"]) == (status, "bad_request")
    assert told["error"]["message"].endswith(".")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-request-id"]
    if status == 405:
        assert headers["allow"]


def test_no_fault_s_traceback_reaches_a_client(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(*_: object) -> Any:
        raise ZeroDivisionError(SECRET)

    monkeypatch.setattr(watching, "state_of", breaks)
    monkeypatch.setattr(watching, "written", breaks)
    monkeypatch.setattr(Pairing, "invite", breaks)
    with running(settings, Parts(InlineWorker(FlatPainter()), offer=OFFER)) as ready:
        for method, path in (
            ("GET", "/health"),
            ("GET", "/health/ready"),
            ("GET", "/metrics"),
            ("POST", "/pair/code"),
        ):
            status, told, _ = ask(ready, method, path)
            assert (status, told["error"]["code"]) == (500, "internal")
            assert SECRET not in json.dumps(told)
            assert "raceback" not in json.dumps(told)
    assert SECRET in caplog.text, "the log says what the client is not told"


def test_a_sweep_that_fails_does_not_end_the_bridge(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(_: Store) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Store, "sweep", fails)
    with running(settings, Parts(InlineWorker(FlatPainter()), offer=OFFER)) as ready:
        wait_until(lambda: "past its time cannot be removed" in caplog.text)
        assert ask(ready, "GET", "/health")[0] == 200
