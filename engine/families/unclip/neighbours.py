"""Models that come as several folders: a decoder, and the prior that dreams up its embeddings.

What belongs together lies in one folder, side by side, or in the hub's cache; a folder or link in
the model's own folder is looked at first, so that a painter can say which prior he means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from engine.checkpoints.folders import INDEX, read_config
from engine.errors import ModelError

_SNAPSHOTS = "snapshots"


def pipeline_of(path: Path) -> str | None:
    """Return the pipeline that a folder's model_index.json is for, None where there is none."""
    told = index_of(path)
    return None if told is None else str(told.get("_class_name", ""))


def index_of(path: Path) -> dict[str, Any] | None:
    """Return a folder's model_index.json, None where there is none that can be read."""
    try:
        return read_config(path / INDEX) if (path / INDEX).is_file() else None
    except ModelError:
        return None


def has_part(path: Path, name: str) -> bool:
    """Say whether a folder's index names a part that lies there."""
    entry = (index_of(path) or {}).get(name)
    named = isinstance(entry, list) and len(entry) == 2 and entry[1] is not None
    return named and (path / name).is_dir()


def config_of(path: Path, part: str) -> dict[str, Any]:
    """Return a part's configuration; raises ModelError where there is none."""
    return read_config(path / part / "config.json")


def nearest(path: Path, fits: Callable[[Path], bool]) -> Path | None:
    """Return the nearest model folder that fits: in another, beside it, in the hub's cache."""
    return next((folder for folder in _near(path) if _safely(fits, folder)), None)


def _near(path: Path) -> Iterator[Path]:
    yield from _folders(path)
    yield from _folders(path.absolute().parent)
    for cached in _cached(path):
        yield from _folders(cached / _SNAPSHOTS)


def _cached(path: Path) -> list[Path]:
    """Return the other repositories of the cache that a snapshot lies in."""
    snapshots = path.absolute().parent
    return _folders(snapshots.parent.parent) if snapshots.name == _SNAPSHOTS else []


def _folders(path: Path) -> list[Path]:
    try:
        return sorted(entry for entry in path.iterdir() if entry.is_dir())
    except OSError:  # not there, or not ours to read
        return []


def _safely(fits: Callable[[Path], bool], folder: Path) -> bool:
    try:
        return fits(folder)
    except ModelError:  # a broken neighbour is none
        return False
