"""Starting the bridge from inside an editor, for the painter who has none running.

    starter = Starter()
    starter.start()            # a button; returns at once
    starter.look()             # from a timer: how it stands, with a sentence for the painter

The bridge goes on when the editor ends. It is given none of the folders that an AppImage or an
editor's own Python puts into the environment: with those, another Python does not even start.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .connection import FILE, VARIABLE, Connection, connection_path, read_connection, state_folder
from .errors import ConnectionFileError
from .installation import Installation, read_installation
from .language import tr

PROGRAM = "mahlstick"
LOG = "started-by-editor.log"
PATIENCE_S = 120.0  # a cold disk reads the libraries for long
_MAX_LOG_BYTES = 1024 * 1024
_SAID_CHARACTERS = 300
FLATPAK_MARK = Path("/.flatpak-info")  # there in every flatpak, and nowhere else

# What editors and AppImages set for their own libraries and interpreter; by how the names begin.
_THE_EDITORS_OWN = (
    *("LD_", "DYLD_", "PYTHON", "__PYVENV", "SSL_CERT_"),
    *("QT_", "QML", "GI_TYPELIB", "GIO_", "GDK_PIXBUF", "GSETTINGS_", "GTK_", "FONTCONFIG_"),
    *("APPDIR", "APPIMAGE", "ARGV0", "OWD"),
)

# On Windows: no window, and not ended by the editor's own Ctrl+C.
_FLAGS = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(
    subprocess, "CREATE_NEW_PROCESS_GROUP", 0
)

State = Literal["idle", "starting", "running", "failed"]


@dataclass(frozen=True)
class Progress:
    """How the start goes; `message` is a sentence for the painter."""

    state: State
    message: str = ""


class Starter:
    """Starts one bridge. Main thread; nothing here waits."""

    def __init__(
        self,
        installation: Installation | None = None,
        environment: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        flatpak_mark: Path = FLATPAK_MARK,
    ) -> None:
        self._installation = installation or read_installation() or Installation()
        self._environment = dict(os.environ if environment is None else environment)
        self._clock = clock
        self._in_flatpak = flatpak_mark.exists()
        self._process: subprocess.Popen[bytes] | None = None
        self._progress = Progress("idle")
        self._since = 0.0
        self._before: bytes | None = None
        self._log_start = 0

    @property
    def connection_file(self) -> Path:
        """Where the bridge will say how to reach it."""
        told = self._installation.connection_file
        # What the environment names comes first here, as it does where the plugin connects.
        usual = not told or VARIABLE in self._environment
        return connection_path(self._environment) if usual else Path(told)

    @property
    def log(self) -> Path:
        """Where the bridge says what it does."""
        told = self._installation.log
        return Path(told) if told else state_folder(self._environment) / LOG

    def command(self) -> list[str]:
        """Return the program and its arguments; empty when there is none that could be started."""
        told = self._installation.command
        if told and (self._in_flatpak or shutil.which(told[0])):
            found = list(told)
        else:
            program = _installed_program(self._environment)
            found = [program, "serve"] if program else []
        # Only through this can a flatpak start a program outside of it, if it may.
        return ["flatpak-spawn", "--host", *found] if found and self._in_flatpak else found

    def start(self) -> Progress:
        """Start the bridge, if it is not being started already; return how it stands."""
        if self._progress.state == "starting":
            return self._progress
        far = self._paired()
        if far is not None:
            return self._now("failed", _on_another_machine(far))
        command = self.command()
        if not command:
            return self._now("failed", self._what_is_missing())
        self._since = self._clock()
        self._before = _content(self.connection_file)
        try:
            self._process = self._spawn(command)
        except OSError as error:
            return self._now("failed", self._why_not(command, error.strerror or str(error)))
        return self._now("starting", tr("Starting Mahlstick; this takes a few seconds."))

    def look(self) -> Progress:
        """Return how the start goes now."""
        if self._progress.state != "starting" or self._process is None:
            return self._progress
        if self._announced():
            return self._now("running", tr("Mahlstick runs."))
        code = self._process.poll()
        if code is not None:
            return self._now("failed", self._why_it_ended(code))
        if self._clock() - self._since > PATIENCE_S:
            return self._now("failed", self._why_so_late())
        return self._progress

    def _now(self, state: State, message: str) -> Progress:
        self._progress = Progress(state, message)
        return self._progress

    def _paired(self) -> Connection | None:
        """Return the bridge on another machine that this one was paired with."""
        try:
            connection = read_connection(self.connection_file)
        except ConnectionFileError:
            return None
        return connection if connection.remote else None

    def _announced(self) -> bool:
        if _content(self.connection_file) in (None, self._before):
            return False
        try:
            read_connection(self.connection_file)
        except ConnectionFileError:
            return False
        return True

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        grown = self.log.exists() and self.log.stat().st_size > _MAX_LOG_BYTES
        with open(self.log, "wb" if grown else "ab") as log:
            self._log_start = log.tell()
            return subprocess.Popen(  # noqa: S603 - the program that the installer named
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.log.parent,
                env=self._clean(),
                start_new_session=True,
                creationflags=_FLAGS,
            )

    def _clean(self) -> dict[str, str]:
        kept = cleaned(self._environment)
        if self.connection_file.name == FILE:
            # Where this plugin looks, whatever folders the editor's environment names.
            kept["MAHLSTICK_CONFIG_DIR"] = str(self.connection_file.parent)
        return kept

    def _what_is_missing(self) -> str:
        if self._installation.command:
            return tr(
                "The program {program} is gone. Install Mahlstick again, then type "
                "`mahlstick plugins install` in a terminal: that tells this plugin where it is.",
                program=self._installation.command[0],
            )
        return tr(
            "Mahlstick itself was not found on this computer; this plugin is only its window. "
            "Install it as its page says, then type `mahlstick plugins install` in a terminal: "
            "that tells this plugin where it is."
        )

    def _why_not(self, command: list[str], reason: str) -> str:
        if self._in_flatpak:
            return _alone_in_flatpak()
        return tr(
            "{program} could not be started: {reason}. Type `mahlstick serve` in a terminal.",
            program=command[0],
            reason=reason,
        )

    def _why_so_late(self) -> str:
        return tr(
            "Mahlstick was started, but does not answer yet. Its log, {log}, says more.",
            log=self.log,
        )

    def _why_it_ended(self, code: int) -> str:
        if self._in_flatpak:
            return _alone_in_flatpak()
        said = self._last_words() or tr("it said nothing (exit code {code})", code=code)
        return tr("Mahlstick ended at once: {said} Its log is {log}.", said=said, log=self.log)

    def _last_words(self) -> str:
        try:
            with open(self.log, "rb") as log:
                log.seek(self._log_start)
                lines = log.read(_MAX_LOG_BYTES).decode("utf-8", "replace").split("\n")
        except OSError:
            return ""
        spoken = [line.strip() for line in lines if line.strip()]
        return spoken[-1][:_SAID_CHARACTERS] if spoken else ""


def cleaned(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without what an editor sets for its own libraries and Python."""
    kept = {
        name: value for name, value in environment.items() if not name.startswith(_THE_EDITORS_OWN)
    }
    mounted = environment.get("APPDIR", "")
    if mounted and "PATH" in kept:
        parts = kept["PATH"].split(os.pathsep)
        kept["PATH"] = os.pathsep.join(part for part in parts if not part.startswith(mounted))
        kept["PATH"] = kept["PATH"] or os.defpath
    return kept


def _installed_program(environment: Mapping[str, str]) -> str:
    """Return the path of `mahlstick` where installers put programs; empty when it is not there."""
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or Path.home())
    usual = [home / ".local" / "bin", Path("/usr/local/bin"), Path("/opt/homebrew/bin")]
    folders = [cleaned(environment).get("PATH", os.defpath), *map(str, usual)]
    return shutil.which(PROGRAM, path=os.pathsep.join(folders)) or ""


def _alone_in_flatpak() -> str:
    return tr(
        "This editor is a flatpak and may not start other programs. Open a terminal, type "
        "`mahlstick serve` and leave it open; this panel connects by itself."
    )


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _on_another_machine(connection: Connection) -> str:
    return (
        f"This computer was paired with the bridge at {connection.url}, which does not answer:"
        f" start it there. To paint with a bridge of this computer again, remove {connection.path}."
    )
