"""The index: what was found out about files that did not change, so that no header is read twice.

SQLite, as the bridge and its worker share it. It only ever saves time: where it cannot be read it
is made anew, and where it cannot be written the next start reads the headers again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.checkpoints.kinds import Identity
from engine.checkpoints.sidecars import About

RULES = 1  # raised whenever a file may be told differently than before
_TABLES = """
CREATE TABLE IF NOT EXISTS rules (version INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS models (
    path TEXT PRIMARY KEY, stamp TEXT NOT NULL, told TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hashes (
    path TEXT PRIMARY KEY, stamp TEXT NOT NULL, sha256 TEXT NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Known:
    """What was found out about a file or folder in the state that `stamp` names."""

    stamp: str
    identity: Identity
    about: About


class Index:
    """The index in a file; safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def known(self) -> dict[str, Known]:
        """Return everything that is known, by path; nothing where the index cannot be read."""
        found: dict[str, Known] = {}
        for path, stamp, told in self._rows("SELECT path, stamp, told FROM models"):
            with suppress(ValueError, TypeError, KeyError):  # of another version: found out again
                found[path] = _known(stamp, json.loads(told))
        return found

    def hashes(self) -> dict[str, tuple[str, str]]:
        """Return the stamp and SHA-256 of every path that was hashed."""
        rows = self._rows("SELECT path, stamp, sha256 FROM hashes")
        return {path: (stamp, sha256) for path, stamp, sha256 in rows}

    def store(self, known: Mapping[str, Known], gone: Iterable[str] = ()) -> None:
        """Write down what was found out, and forget paths that are gone."""
        rows = [(path, one.stamp, json.dumps(_told(one))) for path, one in known.items()]
        with suppress(sqlite3.Error, OSError), self._connected() as connection:
            connection.executemany("INSERT OR REPLACE INTO models VALUES (?, ?, ?)", rows)
            connection.executemany("DELETE FROM models WHERE path = ?", [(one,) for one in gone])

    def store_hash(self, path: str, stamp: str, sha256: str) -> None:
        """Write down the SHA-256 of a file in the state that `stamp` names."""
        with suppress(sqlite3.Error, OSError), self._connected() as connection:
            row = (path, stamp, sha256)
            connection.execute("INSERT OR REPLACE INTO hashes VALUES (?, ?, ?)", row)

    def _rows(self, question: str) -> list[tuple[str, str, str]]:
        try:
            with self._connected() as connection:
                return connection.execute(question).fetchall()
        except sqlite3.DatabaseError as error:
            if not isinstance(error, sqlite3.OperationalError):  # not a database at all
                self._path.unlink(missing_ok=True)
        except OSError:
            pass
        return []

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=10.0)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(_TABLES)
            with connection:
                _forget_old_rules(connection)
                yield connection


def _forget_old_rules(connection: sqlite3.Connection) -> None:
    """Empty what was told by other rules; hashes hold under any."""
    row = connection.execute("SELECT version FROM rules").fetchone()
    if row != (RULES,):
        connection.execute("DELETE FROM models")
        connection.execute("DELETE FROM rules")
        connection.execute("INSERT INTO rules VALUES (?)", (RULES,))


def _told(known: Known) -> dict[str, Any]:
    identity, told = asdict(known.identity), asdict(known.about)
    told["preview"] = None if known.about.preview is None else str(known.about.preview)
    return {"identity": _filled(identity), "about": _filled(told)}


def _filled(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value not in (None, "", (), {})}


def _known(stamp: str, told: dict[str, Any]) -> Known:
    identity, words = told["identity"], told["about"]
    for name in ("parts", "notes"):
        identity[name] = tuple(identity.get(name, ()))
    for name in ("trigger_words", "tags"):
        words[name] = tuple(words.get(name, ()))
    preview = words.pop("preview", None)
    return Known(
        stamp,
        Identity(**identity),
        About(**words, preview=None if preview is None else Path(preview)),
    )
