"""What happens while a model is got."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Arriving:
    """Bytes of a model came; `path` is the file that is being fetched."""

    name: str
    path: str
    done: int  # of the model, in bytes
    total: int


@dataclass(frozen=True, slots=True)
class Checking:
    """A file is read back, and its hash compared."""

    name: str
    path: str
    done: int  # of the file, in bytes
    total: int


@dataclass(frozen=True, slots=True)
class Pulled:
    """A model is there, whole and checked; `path` is its folder."""

    name: str
    path: Path
    commit: str


PullEvent = Arriving | Checking | Pulled
