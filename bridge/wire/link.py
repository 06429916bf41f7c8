"""The thread that keeps an editor connected: it reads, another thread writes, both outside the UI.

The editor's main thread calls `send`, which never blocks, and `poll`, from a timer or an idle
callback. When the connection is lost it is opened again, with the number of the last event seen,
until `close`.
"""

from __future__ import annotations

import itertools
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import replace

from .client import Client
from .connection import Connection, read_connection
from .controller import Happening, Offline, Online
from .errors import BAD_MESSAGE, INTERNAL, UNKNOWN_PICTURE, DecodeError, EncodeError, WireError
from .inbox import Inbox
from .language import tr
from .layers import SentLayers
from .messages import ClientMessage, Hello, Refused, Submit, Welcome

RETRY_DELAYS_S = (0.1, 0.25, 0.5, 1.0, 2.0)  # the last one again and again
log = logging.getLogger(__name__)


class Link:
    """A connection to the bridge that mends itself.

    `find` tells where the bridge is, before every attempt: a new one has another port and token.
    `wake` is called in the link's thread whenever `poll` has something.
    """

    def __init__(
        self,
        hello: Hello,
        find: Callable[[], Connection] = read_connection,
        wake: Callable[[], None] | None = None,
        retry_delays_s: tuple[float, ...] = RETRY_DELAYS_S,
    ) -> None:
        self._hello = hello
        self._find = find
        self._inbox = Inbox(wake)
        self._retry_delays_s = retry_delays_s
        self._closing = threading.Event()
        self._lock = threading.Lock()  # guards the two below
        self._writer: _Writer | None = None
        self._epoch = 0
        # Daemons: an editor that quits without telling its plugins must not hang.
        self._thread = threading.Thread(target=self._run, name="mahlstick link", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def send(self, message: ClientMessage, epoch: int) -> None:
        """Send a message on the connection of this epoch; dropped when that one is gone."""
        with self._lock:
            if self._writer is not None and epoch == self._epoch:
                self._writer.put(message)

    def poll(self) -> list[Happening]:
        """Return what has happened since the last call."""
        return self._inbox.take()

    def close(self, timeout_s: float = 3.0) -> None:
        """End the connection after what was sent; wait for the threads no longer than that."""
        self._closing.set()
        with self._lock:
            if self._writer is not None:
                self._writer.end()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        delays = iter(self._delays())
        told = ""
        while not self._closing.is_set():
            try:
                told = self._connect_once()
                delays = iter(self._delays())
            except WireError as error:
                if error.message != told:  # once is enough
                    self._inbox.put(Offline(error.code, error.message))
                told = error.message
            except Exception:
                # The outermost loop of the thread: a fault of ours must not leave the editor mute.
                log.exception("the link failed")
                told = tr("A fault in this plugin; its log says more.")
                self._inbox.put(Offline(INTERNAL, told))
            self._closing.wait(next(delays))

    def _delays(self) -> itertools.chain[float]:
        return itertools.chain(self._retry_delays_s, itertools.repeat(self._retry_delays_s[-1]))

    def _connect_once(self) -> str:
        """Hold one connection until it ends, tell why and return that sentence."""
        client = Client.open(self._find(), self._hello)
        layers = SentLayers()
        writer = _Writer(client, self._inbox, layers)
        with self._lock:
            self._epoch += 1
            self._writer = writer
            if self._closing.is_set():
                writer.end()
        self._count_from(client.welcome)
        self._inbox.put(Online(client.welcome, self._epoch))
        offline = self._read(client, layers)
        with self._lock:
            self._writer = None
        writer.end()
        if not self._closing.is_set():
            self._inbox.put(offline)
        return offline.message

    def _count_from(self, welcome: Welcome) -> None:
        # The first time nothing of yesterday is wanted; a bridge that lost its memory counts anew.
        if self._hello.resume is None or welcome.seq < self._hello.resume:
            self._hello = replace(self._hello, resume=welcome.seq)

    def _read(self, client: Client, layers: SentLayers) -> Offline:
        try:
            while True:
                message = client.receive()
                if message is None:
                    continue
                if isinstance(message, Refused) and message.code == UNKNOWN_PICTURE:
                    layers.forget()
                seq = getattr(message, "seq", 0)
                if seq > (self._hello.resume or 0):
                    self._hello = replace(self._hello, resume=seq)
                self._inbox.put(message)
        except DecodeError as error:
            text = tr("The bridge sent something illegal. {reason}", reason=error.message)
            return Offline(BAD_MESSAGE, text)
        except WireError as error:
            return Offline(error.code, error.message)


class _Writer:
    """Sends what is put into it, in a thread of its own, until it is ended."""

    def __init__(self, client: Client, inbox: Inbox, layers: SentLayers) -> None:
        self._client = client
        self._inbox = inbox
        self._waiting: queue.SimpleQueue[ClientMessage | None] = queue.SimpleQueue()
        self._layers = layers
        threading.Thread(target=self._run, name="mahlstick writer", daemon=True).start()

    def put(self, message: ClientMessage) -> None:
        """Send this after everything before it."""
        self._waiting.put(message)

    def end(self) -> None:
        """Close the connection after everything before; twice is harmless."""
        self._waiting.put(None)

    def _run(self) -> None:
        try:
            while (message := self._waiting.get()) is not None:
                self._send(message)
        except WireError:
            pass  # the reader sees the same end and tells it
        finally:
            self._client.close()

    def _send(self, message: ClientMessage) -> None:
        try:
            if isinstance(message, Submit):
                message = self._layers.slim(message)
            self._client.send(message)
        except EncodeError as error:
            job = getattr(message, "job", "")
            self._inbox.put(Refused(error.code, error.message, error.param, job))
