"""The state folder: one bridge at a time, its token, and the file that says how to reach it.

The lock is the operating system's, so it is gone with the process that held it, however that ended.
Files with secrets are made 0600 from the start and put in place by a rename: nobody reads half of
one.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO

from bridge.acl import restrict
from bridge.errors import AlreadyRunning, StateFolderError
from bridge.wire.connection import FILE, Connection, parse_connection

_TOKEN_BYTES = 32  # 256 bits

log = logging.getLogger(__name__)


class StateFolder:
    """An exclusively held state folder; a context manager.

    Entering raises AlreadyRunning when another process holds it, StateFolderError when it is
    unusable.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self._lock: IO[bytes] | None = None
        self._published: list[Path] = []

    @property
    def id(self) -> str:
        """Twelve hex digits that name this folder, for things that live outside it."""
        return hashlib.sha256(os.fsencode(self.path.resolve())).hexdigest()[:12]

    @property
    def connection_file(self) -> Path:
        """Where the bridge of this folder says how to reach it."""
        return self.path / FILE

    def __enter__(self) -> StateFolder:
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = open(self.path / "bridge.lock", "ab")
        except OSError as error:
            raise StateFolderError(
                f"The state folder {self.path} cannot be used: {error.strerror or error}. Choose"
                " one you may write to with --state-dir."
            ) from error
        if not _try_lock(lock):
            lock.close()
            raise AlreadyRunning(self.connection_file)
        self._lock = lock
        self.connection_file.unlink(missing_ok=True)  # a dead bridge's
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for path in self._published:
            _withdraw(path)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def token(self) -> str:
        """Return this folder's token; made once, so that it serves as a lasting API key."""
        path = self.path / "token"
        try:
            kept = path.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            kept = ""
        if len(kept) >= _TOKEN_BYTES:
            return kept
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        write_private(path, token.encode("ascii"))
        return token

    def publish(self, connection: Connection, folders: Iterable[Path]) -> None:
        """Write the connection file into each folder, readable by this user alone.

        One that pairing wrote stays: this user wants to paint on another machine. Raises
        StateFolderError for this folder; a copy elsewhere may fail, as for a service without home.
        """
        content = file_of(connection)
        for folder in folders:
            path = folder.expanduser().absolute() / FILE
            if _is_remote(path):
                log.warning("%s names a paired bridge and is left as it is.", path)
                continue
            try:
                write_private(path, content)
            except StateFolderError as error:
                if path == self.connection_file:
                    raise
                log.warning("Editors here do not find the bridge by themselves. %s", error)
            else:
                self._published.append(path)


def file_of(connection: Connection) -> bytes:
    """Return what a connection file holds."""
    content: dict[str, object] = {
        "url": connection.url,
        "token": connection.token,
        "pid": connection.pid,
        "version": connection.version,
    }
    for name in ("fingerprint", "authority", "remote"):
        if value := getattr(connection, name):
            content[name] = value
    return json.dumps(content, indent=1).encode()


def write_private(path: Path, content: bytes) -> None:
    """Put a file in place whole, mode 0600; raises StateFolderError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600
        try:
            with os.fdopen(handle, "wb") as file:
                restrict(Path(temporary))  # before there is anything to read
                file.write(content)
            os.replace(temporary, path)
        except (OSError, subprocess.TimeoutExpired):
            Path(temporary).unlink(missing_ok=True)
            raise
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or error
        raise StateFolderError(
            f"The file {path} cannot be written: {reason}. Free some space there,"
            " or choose another --state-dir."
        ) from error


def _is_remote(path: Path) -> bool:
    try:
        return parse_connection(path.read_bytes()).remote
    except (OSError, ValueError):
        return False


def _withdraw(path: Path) -> None:
    """Remove our connection file; one that a later bridge put there stays."""
    try:
        if json.loads(path.read_bytes())["pid"] == os.getpid():
            path.unlink()
    except (OSError, ValueError, KeyError, TypeError):
        return


if os.name == "nt":  # pragma: no cover - Windows
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
