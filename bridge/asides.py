"""A damaged database: put aside whole, and what can still be read of it taken over."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from pathlib import Path

BLOBS = "blobs"


def put_aside(database: Path) -> Path:
    """Move a database into a new folder beside it, and link the pictures there; return the folder.

    The pictures stay where they are, too: what is rescued needs them. A link takes no room.
    """
    aside = database.with_name(f"{database.name}.damaged-{time.time_ns()}")
    (aside / BLOBS).mkdir(parents=True, mode=0o700)
    for name in (database.name, f"{database.name}-wal", f"{database.name}-shm"):
        with contextlib.suppress(FileNotFoundError):
            database.with_name(name).rename(aside / name)
    for picture in database.with_name(BLOBS).iterdir():
        with contextlib.suppress(OSError):  # no links there: the rescued rows keep what they name
            os.link(picture, aside / BLOBS / picture.name)
    return aside


def rescue(damaged: Path, database: sqlite3.Connection) -> int:
    """Copy every row that can be read from a damaged database; return how many there were."""
    count = 0
    with contextlib.closing(sqlite3.connect(damaged)) as source:
        for table in ("sessions", "jobs", "events"):
            with contextlib.suppress(sqlite3.DatabaseError):
                count += _copied(source, database, table)
    database.commit()
    return count


def _copied(source: sqlite3.Connection, database: sqlite3.Connection, table: str) -> int:
    """Copy a table row by row until the damage; rows of a foreign shape are left out."""
    count = 0
    cursor = source.execute(f"SELECT * FROM {table}")  # noqa: S608 - a name of ours
    marks = ", ".join("?" * len(cursor.description))
    with contextlib.suppress(sqlite3.DatabaseError):
        for row in cursor:
            database.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", row)  # noqa: S608
            count += 1
    return count
