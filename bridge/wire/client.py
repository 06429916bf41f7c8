"""One blocking connection to a bridge: open it, send messages, receive messages.

Everything the library or the operating system raises becomes a `LinkError` here, as a sentence.
`send` may be called from another thread than `receive`; an editor uses `link.Link`, which does so.
"""

from __future__ import annotations

import contextlib
import json
import ssl
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, NoReturn

from .codec import decode, encode_parts
from .connection import START, Connection
from .errors import (
    BAD_MESSAGE,
    CLOSED,
    FORBIDDEN_ORIGIN,
    INTERNAL,
    NO_BRIDGE,
    UNAUTHORIZED,
    UNSUPPORTED_VERSION,
    UNTRUSTED,
    ClosedError,
    DecodeError,
    LinkError,
    RejectedError,
    UnreachableError,
)
from .kinds import Buffer
from .language import tr
from .limits import MAX_MESSAGE_BYTES
from .messages import (
    SUBPROTOCOL,
    VERSION,
    ClientMessage,
    Hello,
    Refused,
    ServerMessage,
    Welcome,
)
from .sockets import (
    ClientConnection,
    ConnectionClosed,
    InvalidStatus,
    Subprotocol,
    WebSocketException,
    connect,
)
from .trust import WrongCertificateError, context_for

OPEN_TIMEOUT_S = 10.0
PIECE_BYTES = 512 * 1024  # of one fragment
_PROTOCOL_FAULT = 1002  # the close code of RFC 6455 for it


class Client:
    """An open connection after hello and welcome; a context manager that closes it.

    `welcome` is what the bridge offers, `session` whose jobs these are.
    """

    def __init__(
        self, socket: ClientConnection, welcome: Welcome, connection: Connection, session: str
    ) -> None:
        self.welcome = welcome
        self.connection = connection
        self.session = session
        self._socket = socket

    @classmethod
    def open(
        cls, connection: Connection, hello: Hello, timeout_s: float = OPEN_TIMEOUT_S
    ) -> Client:
        """Return a client that has been welcomed; raises `LinkError` or `DecodeError`."""
        socket = _connect(connection, timeout_s)
        try:
            _send(socket, hello)
            welcome = _welcomed(_receive(socket, timeout_s), connection)
            return cls(socket, welcome, connection, hello.session)
        except BaseException:
            _close(socket)
            raise

    def send(self, message: ClientMessage) -> None:
        """Send a message; blocks while the bridge does not read. `EncodeError`, `ClosedError`."""
        _send(self._socket, message)

    def receive(self, timeout_s: float | None = None) -> ServerMessage | None:
        """Return the next message, or None when the time is up; None waits for ever.

        Raises `ClosedError`, also when the bridge closed in good order, and `DecodeError` after
        closing the connection, for what follows an illegal message cannot be trusted.
        """
        try:
            return _receive(self._socket, timeout_s)
        except DecodeError:
            _close(self._socket, _PROTOCOL_FAULT)
            raise

    def close(self) -> None:
        """Close the connection; doing it twice is harmless."""
        _close(self._socket)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _connect(connection: Connection, timeout_s: float) -> ClientConnection:
    opening: Any = None
    try:
        opening = connect(
            connection.url,
            ssl=context_for(connection),
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            additional_headers={"Authorization": f"Bearer {connection.token}"},
            compression=None,  # pixels do not shrink enough to be worth the time
            proxy=None,
            open_timeout=timeout_s,
            close_timeout=2,
            max_size=MAX_MESSAGE_BYTES,
        )
        # Entered, not called: newer releases warn about a connection that is used bare.
        socket: ClientConnection = opening.__enter__()
    except InvalidStatus as error:
        raise _rejected(connection, error.response.status_code, error.response.body) from None
    except (ssl.SSLCertVerificationError, WrongCertificateError) as error:
        raise _untrusted(connection, error) from None
    except (OSError, WebSocketException, ValueError) as error:
        raise _unreachable(connection, str(error) or type(error).__name__) from None
    if socket.subprotocol != SUBPROTOCOL:
        _close(socket)
        text = tr(
            "What answers at {url} does not speak {protocol}. {start}.",
            url=connection.url,
            protocol=SUBPROTOCOL,
            start=tr(START),
        )
        raise RejectedError(UNSUPPORTED_VERSION, text)
    return socket


def _welcomed(answer: ServerMessage | None, connection: Connection) -> Welcome:
    if answer is None:
        raise _unreachable(
            connection, tr("it took the connection but did not answer hello in time")
        )
    if isinstance(answer, Refused):
        raise RejectedError(answer.code, answer.message, answer.param)
    if not isinstance(answer, Welcome):
        text = f"The bridge answered hello with {answer.type}; accepted is welcome."
        raise DecodeError(BAD_MESSAGE, text, "type")
    if answer.version != VERSION:
        text = tr(
            "The bridge speaks version {theirs} of the protocol, this program {ours}. Update the "
            "older of the two.",
            theirs=answer.version,
            ours=VERSION,
        )
        raise RejectedError(UNSUPPORTED_VERSION, text, "version")
    return answer


def pieces(parts: Iterable[Buffer]) -> Iterator[memoryview]:
    """Yield a frame's parts in pieces of at most `PIECE_BYTES`, as fragments of one message.

    Every fragment is masked by Python, which lets no other thread of an editor go on meanwhile.
    """
    for part in parts:
        view = memoryview(part).cast("B")
        for start in range(0, len(view), PIECE_BYTES):
            yield view[start : start + PIECE_BYTES]


def _send(socket: ClientConnection, message: ClientMessage) -> None:
    parts = encode_parts(message)
    small = sum(memoryview(part).nbytes for part in parts) <= PIECE_BYTES
    try:
        socket.send(b"".join(parts) if small else pieces(parts))
    except ConnectionClosed as error:
        _ended(error)


def _receive(socket: ClientConnection, timeout_s: float | None) -> ServerMessage | None:
    try:
        frame = socket.recv(timeout_s)
    except TimeoutError:
        return None
    except ConnectionClosed as error:
        _ended(error)
    if isinstance(frame, str):
        raise DecodeError(BAD_MESSAGE, "The bridge sent text; accepted are binary messages.")
    return decode(frame, "server")


def _close(socket: ClientConnection, code: int = 1000) -> None:
    # Closing is the last thing done to a socket: how it fails no longer matters to anyone.
    with contextlib.suppress(OSError, WebSocketException):
        socket.close(code)


def _ended(error: ConnectionClosed) -> NoReturn:
    frame = error.rcvd
    if frame is not None and frame.reason:
        text = tr("The bridge closed the connection: {reason}", reason=frame.reason)
    elif frame is not None:
        text = tr("The bridge closed the connection (code {code}).", code=frame.code)
    else:
        text = tr("The connection to the bridge was lost.")
    raise ClosedError(CLOSED, text) from None


def _unreachable(connection: Connection, reason: str) -> UnreachableError:
    text = tr(
        "No bridge answers at {url}: {reason}. {start}.",
        url=connection.url,
        reason=reason.rstrip("."),
        start=tr(START),
    )
    if connection.process_is_gone():
        text = tr(
            "The bridge that wrote {file} (process {pid}) has ended. {start}.",
            file=connection.path or tr("the connection file"),
            pid=connection.pid,
            start=tr(START),
        )
    return UnreachableError(NO_BRIDGE, text)


def _untrusted(connection: Connection, error: ssl.SSLError) -> RejectedError:
    reason = getattr(error, "verify_message", "") or str(error.args[-1])
    text = tr(
        "The certificate of the bridge at {url} is not trusted: {reason}. If it was renewed, pair "
        "again with `mahlstick pair`; otherwise somebody else answers there.",
        url=connection.url,
        reason=reason,
    )
    return RejectedError(UNTRUSTED, text)


def _rejected(connection: Connection, status: int, body: bytes | bytearray | None) -> LinkError:
    code, message = _told(body)
    if message:
        return RejectedError(code or INTERNAL, message)
    if status == 401:
        text = tr(
            "The bridge at {url} does not know this token. Read it again from the connection file, "
            "which a new bridge rewrites.",
            url=connection.url,
        )
        return RejectedError(UNAUTHORIZED, text)
    if status == 403:
        text = tr(
            "The bridge at {url} lets this program not in: wrong token, or a host name or origin "
            "that it does not allow.",
            url=connection.url,
        )
        return RejectedError(FORBIDDEN_ORIGIN, text)
    text = tr(
        "What answers at {url} (HTTP status {status}) is not a bridge. {start}.",
        url=connection.url,
        status=status,
        start=tr(START),
    )
    return UnreachableError(NO_BRIDGE, text)


def _told(body: bytes | bytearray | None) -> tuple[str, str]:
    """Return code and sentence of an error answer in the bridge's form; empty when it has none."""
    try:
        told = json.loads(body or b"")["error"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "", ""
    if not isinstance(told, Mapping):
        return "", ""
    code, message = told.get("code"), told.get("message")
    return str(code or "")[:100], str(message or "")[:1000]
