"""The lock file of a models folder: what was pulled, from where, with which hashes; and licences.

The first pull pins what the source stated. A later pull of the same name gets the same bytes or
says that they changed, unless newer ones are asked for. A licence is accepted once.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from engine.downloads.catalogue import Licence
from engine.downloads.transfer import unwritable
from engine.errors import DownloadError

FILE = "models.lock.json"
WORK = ".incoming"  # hidden: what lies in it is not finished, and no loader looks there
_VERSION = 1
_PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """What a file of a pulled model is."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Pin:
    """A pulled model: where it is from, at which commit (empty of an address), its files."""

    source: str
    revision: str
    commit: str
    licence: Licence
    pulled: str  # when, in UTC
    files: Mapping[str, PinnedFile]


@dataclass(frozen=True, slots=True)
class Ledger:
    """The lock file's content."""

    pins: Mapping[str, Pin] = field(default_factory=dict)
    licences: Mapping[str, str] = field(default_factory=dict)  # name and address: when accepted

    def accepts(self, licence: Licence) -> bool:
        """Tell whether a licence was accepted."""
        return _key(licence) in self.licences

    def accepting(self, licence: Licence) -> Ledger:
        """Return the ledger with a licence accepted now, if it was not before."""
        return replace(self, licences={_key(licence): now(), **self.licences})

    def with_pin(self, name: str, pin: Pin) -> Ledger:
        """Return the ledger with a model pinned."""
        return replace(self, pins={**self.pins, name: pin})

    def without(self, name: str) -> Ledger:
        """Return the ledger without a model."""
        return replace(self, pins={kept: pin for kept, pin in self.pins.items() if kept != name})


def now() -> str:
    """Return the time as it is written down."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_ledger(folder: Path) -> Ledger:
    """Return what a models folder's lock file says, an empty ledger where there is none.

    Raises DownloadError for one that cannot be understood: it is not guessed what was pinned.
    """
    path = folder / FILE
    try:
        told = json.loads(path.read_text("utf-8"))
        return _ledger(told)
    except FileNotFoundError:
        return Ledger()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DownloadError(
            "disk",
            f"The lock file {path} cannot be read ({error}). Restore it, or remove it: the models "
            "stay, and are pinned anew when they are pulled again.",
        ) from error


@contextmanager
def changing(folder: Path) -> Iterator[list[Ledger]]:
    """Yield a list with the ledger; the one that is left in it is written. One process at a time.

    Raises DownloadError.
    """
    with claimed(folder, "ledger", _PATIENCE_S):
        held = [read_ledger(folder)]
        before = held[0]
        yield held
        if held[0] != before:
            _write(folder, held[0])


@contextmanager
def claimed(folder: Path, name: str, patience_s: float = 0.0) -> Iterator[None]:
    """Hold what a name stands for against other processes; DownloadError where one has it.

    The lock is the operating system's: it ends with the process, however that ends.
    """
    work = folder / WORK
    try:
        work.mkdir(parents=True, exist_ok=True)
        with FileLock(work / f"{name}.lock", timeout=patience_s, thread_local=False):
            yield
    except Timeout as error:
        raise DownloadError(
            "busy",
            f"Another program is getting {name!r} at this moment. Wait until it is done, or "
            "cancel it there.",
        ) from error
    except OSError as error:
        raise unwritable(work, error) from error


def _write(folder: Path, ledger: Ledger) -> None:
    told = {
        "version": _VERSION,
        "licences": dict(sorted(ledger.licences.items())),
        "models": {name: asdict(pin) for name, pin in sorted(ledger.pins.items())},
    }
    handle, temporary = tempfile.mkstemp(prefix=FILE, dir=folder / WORK)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(told, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(folder / FILE)


def _ledger(told: dict[str, Any]) -> Ledger:
    if told["version"] != _VERSION:
        raise ValueError(f"its version is {told['version']!r}, known is {_VERSION}")
    return Ledger(
        {str(name): _pin(pin) for name, pin in told["models"].items()},
        {str(name): str(when) for name, when in told["licences"].items()},
    )


def _pin(told: dict[str, Any]) -> Pin:
    files = {str(path): PinnedFile(**file) for path, file in told.pop("files").items()}
    return Pin(**{**told, "licence": Licence(**told["licence"]), "files": files})


def _key(licence: Licence) -> str:
    return f"{licence.name} <{licence.url}>"
