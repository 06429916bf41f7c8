"""/pair over HTTP: who gets in, who may let others in, and what ends with a pairing."""

from __future__ import annotations

import http.client
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bridge.server import Parts, Ready, running
from bridge.settings import Settings
from bridge.wire.client import Client
from bridge.wire.connection import Connection, read_connection
from bridge.wire.errors import ClosedError, RejectedError
from bridge.wire.messages import VERSION, Finished, Hello
from bridge.workers.inline import InlineWorker
from tests.bridge.painters import FlatPainter
from tests.bridge.talk import OFFER, a_submit, hear_until, new_id, paint


@pytest.fixture
def ready(settings: Settings) -> Iterator[Ready]:
    with running(settings, Parts(InlineWorker(FlatPainter()), offer=OFFER)) as started:
        yield started


def ask(
    ready: Ready, method: str, path: str, said: Any = None, token: str = "", **headers: str
) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", ready.port, timeout=60)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    if said is not None:
        sent.setdefault("Content-Type", "application/json")
    body = said if isinstance(said, str) or said is None else json.dumps(said)
    try:
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    return answer.status, json.loads(content) if content.startswith(b"{") else content


def owner(ready: Ready) -> Connection:
    return read_connection(ready.connection_file)


def paired(ready: Ready, name: str = "laptop") -> tuple[Connection, str]:
    """Return a connection with a token of its own, and the machine's id."""
    mine = owner(ready)
    _, told = ask(ready, "POST", "/pair/code", token=mine.token)
    typed = f"{told['code'][:4]} {told['code'][4:]}"
    status, given = ask(ready, "POST", "/pair", {"code": typed, "name": name})
    assert status == 200
    assert mine.url.endswith(given["path"])
    return replace(mine, token=given["token"]), given["device"]


def opened(connection: Connection) -> Client:
    return Client.open(connection, Hello(VERSION, "test", new_id()))


def test_a_paired_machine_paints_and_may_not_let_others_in(ready: Ready) -> None:
    connection, device = paired(ready)
    with opened(connection) as client:
        assert isinstance(paint(client, a_submit())[-1], Finished)
    for method, path in (
        ("POST", "/pair/code"),
        ("GET", "/pair/devices"),
        ("DELETE", f"/pair/devices/{device}"),
    ):
        assert ask(ready, method, path, token=connection.token)[0] == 401
        assert ask(ready, method, path)[0] == 401
    status, told = ask(ready, "GET", "/pair/devices", token=owner(ready).token)
    assert (status, [found["name"] for found in told["devices"]]) == (200, ["laptop"])
    assert "sha256" not in told["devices"][0]


def test_a_machine_that_is_forgotten_is_sent_away_at_once(ready: Ready) -> None:
    gone, device = paired(ready)
    stays, _ = paired(ready, "tablet")
    with opened(gone) as client, opened(stays) as other:
        client.send(a_submit("slow"))
        assert ask(ready, "DELETE", f"/pair/devices/{device}", token=owner(ready).token)[0] == 200
        with pytest.raises(ClosedError, match="no longer paired"):
            hear_until(client, type(None))
        with pytest.raises(RejectedError):
            opened(gone)
        other.send(a_submit())
    assert ask(ready, "DELETE", "/pair/devices/nobody", token=owner(ready).token)[0] == 404


def test_pairing_lasts_over_a_restart(settings: Settings) -> None:
    parts = Parts(InlineWorker(FlatPainter()), offer=OFFER)
    with running(settings, parts) as first:
        connection, _ = paired(first)
    with (
        running(settings, parts) as second,
        opened(replace(connection, url=owner(second).url)) as client,
    ):
        assert isinstance(paint(client, a_submit())[-1], Finished)


def test_wrong_codes_are_told_apart_by_nothing(ready: Ready) -> None:
    def wrong(code: str) -> tuple[int, Any]:
        return ask(ready, "POST", "/pair", {"code": code})

    none_yet = wrong("12345678")
    _, told = ask(ready, "POST", "/pair/code", token=owner(ready).token)
    while_good = wrong(f"{(int(told['code']) + 1) % 10**8:08d}")
    for _ in range(10):
        wrong("nonsense")
    used_up = wrong(told["code"])
    assert none_yet == while_good == used_up
    assert none_yet[0] == 403
    assert none_yet[1]["error"]["param"] == "code"


@pytest.mark.parametrize(
    ("said", "headers"),
    [
        ("{", {}),
        ("[]", {}),
        ("[" * 4000, {}),
        ({"code": 5}, {}),
        ({"code": "1", "name": ["x"]}, {}),
        ({"code": "1", "name": "x" * 101}, {}),
        ({"code": "1", "name": "line\nbreak"}, {}),
        ({"code": "1" * 5000}, {}),
        ({"code": "12345678"}, {"Content_Type": "text/plain"}),
    ],
)
def test_a_body_that_is_none_is_a_sentence(
    ready: Ready, said: Any, headers: dict[str, str]
) -> None:
    status, told = ask(ready, "POST", "/pair", said, **headers)
    assert (status, told["error"]["code"]) == (400, "bad_request")
    assert told["error"]["message"].endswith(".")


def test_a_web_page_cannot_try_codes(ready: Ready) -> None:
    for header in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "evil"}):
        status, told = ask(ready, "POST", "/pair", {"code": "1"}, **header)
        assert (status, told["error"]["code"]) == (403, "forbidden_origin")


def test_neither_code_nor_token_is_logged(ready: Ready, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        connection, _ = paired(ready)
        _, told = ask(ready, "POST", "/pair/code", token=owner(ready).token)
        ask(ready, "POST", "/pair", {"code": "87654321", "name": "a private name"})
    assert "paired" in caplog.text
    for secret in (connection.token, told["code"], "87654321", "a private name"):
        assert secret not in caplog.text
