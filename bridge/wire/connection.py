"""Where the bridge is: the connection file that it writes and every client of this user reads.

The file, `connection.json`, holds url, token, pid and version (and, of a bridge on another machine,
how to trust it), and is readable by its user only:
whoever can read it may paint. So pairing an editor needs no click. The bridge removes it when it
ends; one that a killed bridge left is told by its process being gone. That is only told after
nobody answered, never instead of trying: an editor in a container of its own cannot see the
bridge's process, but can reach it.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .errors import NO_BRIDGE, ConnectionFileError
from .installation import PACKAGE, read_installation
from .language import noted, tr

FOLDER = "mahlstick"
FILE = "connection.json"
VARIABLE = "MAHLSTICK_CONNECTION"  # in the environment: the file to use instead
START = noted("Start the bridge with `mahlstick serve`")
_MAX_FILE_BYTES = 64 * 1024
_FINGERPRINT = re.compile(r"([0-9a-f]{64})?")


@dataclass(frozen=True)
class Connection:
    """A bridge's address and the token that opens it; `pid` 0 when it is not known.

    A wss:// address is trusted by `fingerprint`, the SHA-256 of the bridge's certificate, or by
    `authority`, PEM text of whoever signed it, or as the system trusts. `remote`: the bridge was
    paired with, and is on another machine.
    """

    url: str
    token: str = field(repr=False)  # kept out of logs
    pid: int = 0
    version: str = ""
    path: Path | None = None  # the file it was read from
    fingerprint: str = ""
    authority: str = ""
    remote: bool = False

    def process_is_gone(self) -> bool:
        """Tell whether the process that wrote the file has surely ended."""
        return self.pid > 0 and not _runs(self.pid)


def config_folder(
    environment: Mapping[str, str] | None = None, platform: str = sys.platform
) -> Path:
    """Return the user's configuration folder for this project; it may not exist yet."""
    known = os.environ if environment is None else environment
    home = Path(known.get("HOME") or known.get("USERPROFILE") or Path.home())
    if platform.startswith("win"):
        return Path(known.get("APPDATA") or home / "AppData" / "Roaming") / FOLDER
    if platform == "darwin":
        return home / "Library" / "Application Support" / FOLDER
    given = known.get("XDG_CONFIG_HOME", "")
    # The standard says that a relative path here is to be ignored.
    return (Path(given) if given.startswith("/") else home / ".config") / FOLDER


def state_folder(
    environment: Mapping[str, str] | None = None, platform: str = sys.platform
) -> Path:
    """Return the user's folder for this project's logs and jobs; it may not exist yet."""
    known = os.environ if environment is None else environment
    home = Path(known.get("HOME") or known.get("USERPROFILE") or Path.home())
    if platform.startswith("win"):
        local = Path(known.get("LOCALAPPDATA") or home / "AppData" / "Local")
        return local / FOLDER / FOLDER
    if platform == "darwin":
        return home / "Library" / "Application Support" / FOLDER
    given = known.get("XDG_STATE_HOME", "")
    return (Path(given) if given.startswith("/") else home / ".local" / "state") / FOLDER


def connection_path(environment: Mapping[str, str] | None = None, package: Path = PACKAGE) -> Path:
    """Return where the connection file is looked for: as told, as installed, or as usual."""
    known = os.environ if environment is None else environment
    given = known.get(VARIABLE)
    if given:
        return Path(given).expanduser()
    installation = read_installation(package)
    if installation is not None and installation.connection_file:
        return Path(installation.connection_file)
    return config_folder(environment) / FILE


def read_connection(path: Path | None = None) -> Connection:
    """Return the connection in a file (None: where it is looked for); `ConnectionFileError`."""
    path = connection_path() if path is None else path
    try:
        with open(path, "rb") as file:
            text = file.read(_MAX_FILE_BYTES)
    except FileNotFoundError:
        text = tr(
            "No bridge is running: there is no file {file}. {start}.", file=path, start=tr(START)
        )
        raise _fault(text) from None
    except OSError as error:
        reason = error.strerror or str(error)
        told = tr("The connection file {file} cannot be read: {reason}.", file=path, reason=reason)
        raise _fault(told) from None
    try:
        return parse_connection(text, path)
    except ValueError as error:
        told = tr(
            "The connection file {file} is damaged: {reason}. {start}; it writes a new one.",
            file=path,
            reason=error,
            start=tr(START),
        )
        raise _fault(told) from None


def parse_connection(text: bytes, path: Path | None = None) -> Connection:
    """Return the connection in a connection file's text; raises `ValueError` with the reason."""
    try:
        found = dict(json.loads(text))
    except (ValueError, TypeError, RecursionError):
        raise ValueError(tr("it is not a JSON object")) from None
    url, token = found.get("url"), found.get("token")
    if not isinstance(url, str) or not url.startswith(("ws://", "wss://")):
        raise ValueError(tr("its url is not a ws:// or wss:// address"))
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
        raise ValueError(tr("its token is missing"))
    pid, version = found.get("pid"), found.get("version")
    pid = pid if type(pid) is int and 0 < pid < 1 << 31 else 0
    version = version if isinstance(version, str) else ""
    fingerprint, authority = found.get("fingerprint", ""), found.get("authority", "")
    if not isinstance(fingerprint, str) or not _FINGERPRINT.fullmatch(fingerprint):
        raise ValueError("its fingerprint is not a SHA-256 in 64 hexadecimal digits")
    if type(authority) is not str:
        raise ValueError("its authority is not the text of a certificate")
    remote = found.get("remote") is True
    return Connection(url, token, pid, version, path, fingerprint, authority, remote)


def _fault(sentence: str) -> ConnectionFileError:
    return ConnectionFileError(NO_BRIDGE, sentence)


if sys.platform == "win32":  # pragma: no cover - needs Windows

    def _runs(pid: int) -> bool:
        import ctypes

        # os.kill(pid, 0) would end the process here.
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
        if not handle:
            return ctypes.get_last_error() == 5  # ERROR_ACCESS_DENIED: it exists
        try:
            code = ctypes.c_ulong()
            kernel.GetExitCodeProcess(handle, ctypes.byref(code))
            return code.value == 259  # STILL_ACTIVE
        finally:
            kernel.CloseHandle(handle)

else:

    def _runs(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except OSError:
            return True
        return True
