"""The client against a real server, and against what is none."""

from __future__ import annotations

import dataclasses
import os
import socket
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from bridge.wire.client import PIECE_BYTES, Client, pieces
from bridge.wire.connection import Connection
from bridge.wire.errors import ClosedError, DecodeError, LinkError, RejectedError, UnreachableError
from bridge.wire.messages import (
    Accepted,
    Cancel,
    Cancelled,
    Hello,
    Limits,
    Picture,
    Refused,
    Submit,
    Welcome,
)

ServeScript = Callable[[Callable[[Any], object]], AbstractContextManager[Connection]]
HELLO = Hello(1, "test 1.0", "9d7c8a52-0000-4000-8000-000000000001")


def test_hello_is_answered_by_a_welcome_that_the_client_keeps(serve_script: ServeScript) -> None:
    with serve_script(lambda peer: peer.welcome()) as connection:
        with Client.open(connection, HELLO) as client:
            assert client.welcome.samplers == ["euler"]


def test_messages_go_both_ways_with_pixels_larger_than_a_servers_usual_limit(
    serve_script: ServeScript,
) -> None:
    pixels = os.urandom(2304 * 2048 * 4)  # above 16 MiB
    seen = []

    def script(peer: Any) -> None:
        peer.welcome()
        seen.append(peer.read())
        peer.write(Accepted(1, "a", 0))
        peer.read()

    submit = Submit("a", "vary", image=Picture(2304, 2048, "rgba8", pixels))
    with serve_script(script) as connection, Client.open(connection, HELLO) as client:
        client.send(submit)
        assert client.receive(10) == Accepted(1, "a", 0)
        client.send(Cancel("a"))
    assert seen == [submit]


def test_a_large_message_travels_in_pieces_of_bounded_size() -> None:
    parts = [b"head", bytes(range(256)) * 5000, memoryview(bytes(3))]
    cut = list(pieces(parts))
    assert max(len(piece) for piece in cut) == PIECE_BYTES
    assert b"".join(cut) == b"".join(parts)


def test_receive_returns_none_when_the_time_is_up(serve_script: ServeScript) -> None:
    go = threading.Event()

    def script(peer: Any) -> None:
        peer.welcome()
        go.wait(10)
        peer.write(Cancelled(4, "a"))
        peer.socket.recv()

    with serve_script(script) as connection, Client.open(connection, HELLO) as client:
        assert client.receive(0.01) is None
        go.set()
        assert client.receive(10) == Cancelled(4, "a")


def test_a_wrong_token_is_told_in_the_bridges_words(serve_script: ServeScript) -> None:
    with serve_script(lambda peer: peer.welcome()) as connection:
        wrong = dataclasses.replace(connection, token="no")
        with pytest.raises(RejectedError, match="The token is wrong") as caught:
            Client.open(wrong, HELLO)
    assert caught.value.code == "unauthorized"


def test_a_refused_hello_is_told_in_the_bridges_words(serve_script: ServeScript) -> None:
    def script(peer: Any) -> None:
        peer.read()
        peer.write(Refused("unsupported_version", "Only version 1 is spoken here.", "version"))

    with serve_script(script) as connection:
        with pytest.raises(RejectedError, match="Only version 1") as caught:
            Client.open(connection, HELLO)
    assert (caught.value.code, caught.value.param) == ("unsupported_version", "version")


def test_a_welcome_of_another_version_is_rejected(serve_script: ServeScript) -> None:
    other = Welcome(2, "later", Limits(1, 1, 1, 1, 1), [], [], [])
    with serve_script(lambda peer: peer.welcome(other)) as connection:
        with pytest.raises(RejectedError, match=r"version 2 .* this program 1"):
            Client.open(connection, HELLO)


def test_another_answer_to_hello_is_a_fault_of_the_bridge(serve_script: ServeScript) -> None:
    def script(peer: Any) -> None:
        peer.read()
        peer.write(Accepted(1, "a", 0))

    with serve_script(script) as connection:
        with pytest.raises(DecodeError, match="answered hello with accepted"):
            Client.open(connection, HELLO)


def test_silence_after_hello_is_told(serve_script: ServeScript) -> None:
    with serve_script(lambda peer: peer.read() and peer.socket.recv()) as connection:
        with pytest.raises(UnreachableError, match="did not answer hello"):
            Client.open(connection, HELLO, timeout_s=0.2)


@pytest.mark.parametrize(
    ("code", "reason", "sentence"),
    [(1000, "", "closed the connection"), (1008, "Too many clients.", "Too many clients.")],
)
def test_a_close_in_good_order_is_an_error_too(
    serve_script: ServeScript, code: int, reason: str, sentence: str
) -> None:
    def script(peer: Any) -> None:
        peer.welcome()
        peer.socket.close(code, reason)

    with serve_script(script) as connection, Client.open(connection, HELLO) as client:
        with pytest.raises(ClosedError, match=sentence):
            client.receive(10)
        with pytest.raises(ClosedError, match=sentence):
            client.send(Cancel("a"))


def test_a_connection_that_breaks_is_told(serve_script: ServeScript) -> None:
    def script(peer: Any) -> None:
        peer.welcome()
        peer.socket.socket.shutdown(socket.SHUT_RDWR)

    with serve_script(script) as connection, Client.open(connection, HELLO) as client:
        with pytest.raises(ClosedError, match="was lost"):
            client.receive(10)


@pytest.mark.parametrize("frame", [b"\0\0\0\0", b"junk", "text"])
def test_an_illegal_frame_closes_the_connection(
    serve_script: ServeScript, frame: bytes | str
) -> None:
    closed = []

    def script(peer: Any) -> None:
        peer.welcome()
        peer.socket.send(frame)
        try:
            peer.socket.recv()
        finally:
            closed.append(peer.socket.close_code)

    with serve_script(script) as connection, Client.open(connection, HELLO) as client:
        with pytest.raises(DecodeError):
            client.receive(10)
        with pytest.raises(ClosedError):
            client.receive(10)
    assert closed == [1002]


def test_nobody_listening_is_told_with_what_to_do() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{free.getsockname()[1]}/ws"
    with pytest.raises(UnreachableError, match=r"No bridge answers at ws://.*mahlstick serve") as e:
        Client.open(Connection(url, "x"), HELLO)
    assert e.value.code == "no_bridge"


def test_a_dead_bridges_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.wire.connection._runs", lambda _: False)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{free.getsockname()[1]}/ws"
    path = tmp_path / "connection.json"
    with pytest.raises(UnreachableError, match=r"connection\.json \(process 77\) has ended"):
        Client.open(Connection(url, "x", 77, path=path), HELLO)


def test_a_server_of_another_protocol_is_rejected() -> None:
    server = serve(lambda socket: socket.close(), "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        with pytest.raises(RejectedError, match="does not speak"):
            Client.open(Connection(url, "x"), HELLO)
    finally:
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "error", "sentence"),
    [
        (401, b"", RejectedError, "does not know this token"),
        (403, b"<html>", RejectedError, "wrong token, or a host name or origin"),
        (403, b'{"error": "no"}', RejectedError, "wrong token, or a host name or origin"),
        (403, b'{"error": {"message": "Not this Host."}}', RejectedError, "Not this Host"),
        (404, b"[1]", UnreachableError, r"HTTP status 404\) is not a bridge"),
        (200, b"", UnreachableError, r"HTTP status 200\) is not a bridge"),
    ],
)
def test_an_answer_that_is_no_upgrade_becomes_a_sentence(
    status: int, body: bytes, error: type[LinkError], sentence: str
) -> None:
    def answer(_: ServerConnection, __: Request) -> Response:
        headers = Headers({"Content-Length": str(len(body))})
        return Response(status, "Reason", headers, body)

    with serve(lambda socket: socket.close(), "127.0.0.1", 0, process_request=answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        with pytest.raises(error, match=sentence):
            Client.open(Connection(url, "x"), HELLO)
        server.shutdown()
        thread.join()
