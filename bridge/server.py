"""The running bridge: state folder, socket, application, shutdown."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import uvicorn

from bridge.app import create_app
from bridge.auth import App, Rules, check_listening, is_loopback
from bridge.blobs import Blobs
from bridge.errors import BridgeError, ListenError, StateFolderError
from bridge.jobs import Jobs
from bridge.journal import SqliteJournal
from bridge.logs import LogStyle, hush_uvicorn, log_to_stderr
from bridge.memory import keep_blocks
from bridge.offer import Offer, Offers
from bridge.pairing import Devices, Pairing
from bridge.pulls import Place, Pulls
from bridge.settings import Settings, engine_options
from bridge.shelf import Shelf
from bridge.signing import Authority
from bridge.state import StateFolder
from bridge.store import Store
from bridge.tally import Tally
from bridge.tls import Identity, given, own
from bridge.transports import Shared, mounted
from bridge.transports.websocket import PATH, Sockets
from bridge.wire.connection import Connection
from bridge.wire.limits import MAX_MESSAGE_BYTES
from bridge.workers import Worker
from bridge.workers.process import EngineChoice, ProcessWorker
from bridge.workers.shared import remove_folder, shared_folder

# A frame just too large is answered with a sentence; only beyond this does the library cut it off.
_FRAME_BYTES = MAX_MESSAGE_BYTES + 2**20
_SHUTDOWN_S = 5
_PONG_S = 60.0  # an editor may be busy with its own canvas for longer than uvicorn's 20 s

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ready:
    """A bridge that answers."""

    url: str
    port: int
    pid: int
    connection_file: Path


@dataclass(frozen=True, slots=True)
class Parts:
    """What tests put in the place of the usual parts; None = the usual."""

    worker: Worker | None = None
    offer: Offer | None = None
    engine: EngineChoice | None = None
    hello_s: float = 10.0


Announce = Callable[[Ready], None]


def serve(settings: Settings, announce: Announce, parts: Parts | None = None) -> None:
    """Run a bridge until SIGTERM or SIGINT; `announce` is called once it answers.

    Raises AlreadyRunning, StateFolderError and ListenError, before anything is announced.
    """
    log_to_stderr(_logs(settings))
    keep_blocks()
    with _bridge(settings, announce, parts or Parts()) as server, _signals_handled():
        server.run(sockets=[server.listener])


@contextlib.contextmanager
def running(settings: Settings, parts: Parts | None = None) -> Iterator[Ready]:
    """Run a bridge in a thread for as long as the context lasts; for tests and notebooks."""
    announced: list[Ready] = []
    ready = threading.Event()

    def announce(told: Ready) -> None:
        announced.append(told)
        ready.set()

    with _bridge(settings, announce, parts or Parts()) as server:

        def run() -> None:
            try:
                asyncio.run(server.serve(sockets=[server.listener]))
            finally:
                ready.set()

        thread = threading.Thread(target=run, name="bridge")
        thread.start()
        try:
            ready.wait()
            if not announced:
                raise BridgeError("The bridge ended before it answered; its log says why.")
            yield announced[0]
        finally:
            server.should_exit = True
            thread.join()


class _Server(uvicorn.Server):
    """Uvicorn, saying when it answers."""

    def __init__(
        self,
        app: App,
        listener: socket.socket,
        started: Callable[[], None],
        identity: Identity | None = None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="asyncio",
                http="h11",
                ws="websockets-sansio",
                ws_max_size=_FRAME_BYTES,
                ws_ping_timeout=_PONG_S,
                ws_per_message_deflate=False,  # pixels do not shrink enough to be worth the time
                ssl_certfile=identity and identity.certificate,
                ssl_keyfile=identity and identity.key,
                lifespan="on",
                access_log=False,
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=_SHUTDOWN_S,
            )
        )
        hush_uvicorn()
        self.listener = listener
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        if self.started:
            self._started()


@contextlib.contextmanager
def _bridge(settings: Settings, announce: Announce, parts: Parts) -> Iterator[_Server]:
    """Hold the state folder and the port, and return what will serve them."""
    chosen = settings.token.get_secret_value() if settings.token else None
    check_listening(settings.host, settings.allowed_hosts, chosen)
    with StateFolder(settings.state_dir) as state, _listening(settings) as listener:
        token = chosen or state.token()
        identity = _identity(settings, state)
        port = listener.getsockname()[1]
        scheme = "ws" if identity is None else "wss"
        url = f"{scheme}://{_callable_host(settings.host)}:{port}{PATH}"
        ready = Ready(url, port, os.getpid(), state.connection_file)
        folder = shared_folder(state.path, state.id)

        def started() -> None:
            fingerprint = "" if identity is None else identity.fingerprint
            connection = Connection(url, token, os.getpid(), _version(), fingerprint=fingerprint)
            state.publish(connection, (state.path, settings.config_dir))
            log.info("Listening on port %d.", port)
            announce(ready)

        pairing = Pairing(Devices(state.path))
        hosts, origins = settings.allowed_hosts, settings.allowed_origins
        rules = Rules.of(token, hosts, origins, pairing.devices.knows)
        store = _store(settings, state)
        try:
            app = _app(settings, (rules, pairing), store, Blobs(folder), parts)
            yield _Server(app, listener, started, identity)
        finally:
            store.close()
            remove_folder(folder)


def _app(
    settings: Settings, gate: tuple[Rules, Pairing], store: Store, blobs: Blobs, parts: Parts
) -> App:
    rules, pairing = gate
    options = engine_options(settings)
    engine = parts.engine or EngineChoice(options=options)
    timeout_s = settings.hook_timeout_s
    worker = parts.worker or ProcessWorker(blobs, engine, _logs(settings), timeout_s)
    offers = Offers(options, parts.offer, folders=(*settings.models, settings.models_dir))
    jobs = Jobs(
        worker,
        store,
        max_pending=settings.max_pending_jobs,
        max_pending_bytes=settings.max_pending_bytes,
        idle_s=settings.worker_idle_s,
    )
    sockets = Sockets(
        jobs,
        store,
        offers,
        server=f"mahlstick {_version()}",
        max_pending=settings.max_pending_jobs,
        hello_s=parts.hello_s,
    )
    tally = Tally()
    store.observe(tally.saw)
    shared = Shared(
        jobs,
        store,
        offers,
        worker=worker,
        tally=tally,
        pairing=pairing,
        pulls=_pulls(settings, offers),
        shelf=Shelf(options, _models_folder(settings), offers),
        clients=lambda: sockets.clients,
        dismiss=sockets.dismiss,
        version=_version(),
        folder=settings.state_dir.expanduser().absolute(),
        logs=_logs(settings),
        authority=_authority(settings),
        link_ttl_s=settings.link_ttl_s,
        images_per_minute=settings.images_per_minute,
    )
    return create_app(jobs, store, offers, rules, sockets, mounted(shared))


def _pulls(settings: Settings, offers: Offers) -> Pulls:
    place = Place(_models_folder(settings), settings.hub, settings.download_hosts)
    return Pulls(settings.state_dir.expanduser().absolute(), place, offers.look_again)


def _models_folder(settings: Settings) -> Path:
    return settings.models_dir.expanduser().absolute()


def _authority(settings: Settings) -> Authority:
    folder = settings.state_dir.expanduser().absolute() / "signing"
    return Authority(folder, settings.signing_chain, settings.signing_key)


def _identity(settings: Settings, state: StateFolder) -> Identity | None:
    """Return what the bridge shows to clients; None for a bridge that does not encrypt."""
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is not None and key is not None:
        return given(certificate.expanduser(), key.expanduser())
    if certificate is not None or key is not None:
        raise ListenError("tls_certificate and tls_key belong together; give both, or neither.")
    if settings.tls:
        return own(state.path, settings.allowed_hosts)
    if not is_loopback(settings.host):
        log.warning(
            "Other machines reach this bridge unencrypted: who listens on the network reads the"
            " token and the pictures. Set tls, or let a tunnel or a proxy encrypt."
        )
    return None


def _logs(settings: Settings) -> LogStyle:
    return LogStyle(settings.log_level, settings.log_format)


def _store(settings: Settings, state: StateFolder) -> Store:
    try:
        journal = SqliteJournal(state.path, settings.synchronous)
        return Store(journal, ttl_s=settings.result_ttl_s, keep_bytes=settings.max_kept_bytes)
    except OSError as error:
        raise StateFolderError(
            f"The journal in {state.path} cannot be used: {error.strerror}. Free some space there,"
            " see that you may write to it, or choose another --state-dir."
        ) from error


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With the protocol named, or asyncio leaves Nagle's algorithm on: 40 ms for a small message.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    with contextlib.closing(listener):
        if os.name != "nt":  # there it would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host.strip("[]"), settings.port))
            listener.listen()
        except OSError as error:
            raise ListenError(_cannot_listen(settings, error)) from error
        yield listener


def _cannot_listen(settings: Settings, error: OSError) -> str:
    where = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        return f"Another program listens on {where}. End it, or choose another --port (0: any)."
    return (
        f"The bridge cannot listen on {where}: {error.strerror}. Choose another --host or --port."
    )


def _callable_host(host: str) -> str:
    """Return a name by which this machine's programs reach what listens on `host`."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host.strip('[]')}]" if ":" in host else host


@contextlib.contextmanager
def _signals_handled() -> Iterator[None]:
    """Let uvicorn's graceful end be the end: it raises the signal once more when it is done."""

    def nothing(_number: int, _frame: object) -> None:
        return

    before = {number: signal.signal(number, nothing) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _version() -> str:
    try:
        return version("mahlstick")
    except PackageNotFoundError:
        return "0+unknown"
