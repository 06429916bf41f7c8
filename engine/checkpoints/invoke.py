"""InvokeAI's models: its folder, and the places that its database points to elsewhere.

The database is opened for reading only, and never while it would have to be repaired.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

DATABASE = "databases/invokeai.db"
_MODELS_DIR = re.compile(r"^\s*models_dir\s*:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
_LARGEST_SETTINGS = 2**20


def places_of(root: Path) -> list[Path]:
    """Return InvokeAI's models folder, and models that were installed in place outside it."""
    folder = _models_folder(root)
    outside = [
        path
        for path in _recorded(root / DATABASE, folder)
        if not path.is_relative_to(folder) and path.exists()
    ]
    return [folder, *dict.fromkeys(outside)]


def _models_folder(root: Path) -> Path:
    settings = root / "invokeai.yaml"
    try:
        if settings.stat().st_size <= _LARGEST_SETTINGS:
            told = _MODELS_DIR.search(settings.read_text("utf-8"))
            if told:
                return root / Path(told[1]).expanduser()
    except (OSError, ValueError):
        pass
    return root / "models"


def _recorded(database: Path, folder: Path) -> Iterator[Path]:
    """Yield where the models are that the database knows; none where it cannot be read."""
    if not database.is_file():
        return
    try:
        address = f"{database.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=1.0)) as connection:
            rows = connection.execute("SELECT config FROM models").fetchall()
    except sqlite3.Error:
        return
    for (text,) in rows:
        try:
            path = json.loads(text)["path"]
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        if isinstance(path, str) and path:
            yield folder / path
