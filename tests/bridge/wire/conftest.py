"""A small real bridge for the client's tests: the library's own server, driven by a script."""

from __future__ import annotations

import http
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

from bridge.wire.codec import decode, encode
from bridge.wire.connection import Connection
from bridge.wire.limits import MAX_MESSAGE_BYTES
from bridge.wire.messages import SUBPROTOCOL, ClientMessage, Hello, Limits, ServerMessage, Welcome

TOKEN = "t" * 43
WELCOME = Welcome(1, "test", Limits(MAX_MESSAGE_BYTES, 8192, 16, 200, 8), [], ["euler"], ["auto"])
HELLO = Hello(1, "test 1.0", "9d7c8a52-0000-4000-8000-000000000001")


class Peer:
    """The bridge's end of one connection."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket

    def read(self) -> ClientMessage:
        """Return the client's next message."""
        frame = self.socket.recv()
        assert isinstance(frame, bytes)
        return decode(frame, "client")

    def write(self, *messages: ServerMessage) -> None:
        """Send messages."""
        for message in messages:
            self.socket.send(encode(message))

    def welcome(self, welcome: Welcome = WELCOME) -> Hello:
        """Read hello, answer it and return it."""
        hello = self.read()
        assert isinstance(hello, Hello)
        self.write(welcome)
        return hello


Script = Callable[[Peer], object]
ServeScript = Callable[[Script], AbstractContextManager[Connection]]


def _check_token(_: ServerConnection, request: Request) -> Response | None:
    if request.headers.get("Authorization") == f"Bearer {TOKEN}":
        return None
    body = b'{"error": {"code": "unauthorized", "message": "The token is wrong. Read it again."}}'
    headers = Headers({"Content-Length": str(len(body)), "Content-Type": "application/json"})
    status = http.HTTPStatus.UNAUTHORIZED
    return Response(status.value, status.phrase, headers, body)


def _play(script: Script, socket: ServerConnection) -> None:
    with suppress(ConnectionClosed):  # a client that leaves ends the script
        script(Peer(socket))


@contextmanager
def bridge_running(script: Script) -> Iterator[Connection]:
    """Run a bridge that plays the script with every client; yield how to reach it."""
    server = serve(
        lambda socket: _play(script, socket),
        "127.0.0.1",
        0,
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        process_request=_check_token,
        compression=None,
        max_size=MAX_MESSAGE_BYTES,
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        port = server.socket.getsockname()[1]
        yield Connection(f"ws://127.0.0.1:{port}/ws", TOKEN)
    finally:
        server.shutdown()
        thread.join()


@pytest.fixture
def serve_script() -> ServeScript:
    """Return `bridge_running`, for test modules cannot import each other."""
    return bridge_running
