"""The state folder's journal: SQLite in WAL mode, large pictures in files beside it.

WAL with synchronous=NORMAL: what was written survives the end of the bridge, however it ends; a
power cut may take the last moments (not even them with FULL), never the rest. A damaged database is
put aside, and a new one made.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from bridge.asides import BLOBS, put_aside, rescue
from bridge.blobs import Blobs, Carrier, attached, blob_names, detached, is_heavy
from bridge.keeping import Remembered
from bridge.timeline import StoredJob, slot_of, without_pictures
from bridge.wire.codec import decode, encode
from bridge.wire.errors import DecodeError
from bridge.wire.messages import TERMINAL, JobEvent, Preview, Started, Submit

FILE = "jobs.sqlite3"

_ROW = "row:"  # as a preview's `sha256`: its pixels are in this row of the events
_SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (session TEXT PRIMARY KEY, ceiling INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS jobs (
    session TEXT NOT NULL, job TEXT NOT NULL, created REAL NOT NULL, ended REAL,
    preview_codec TEXT NOT NULL, preview_side INTEGER NOT NULL, submit BLOB NOT NULL,
    PRIMARY KEY (session, job)
);
CREATE TABLE IF NOT EXISTS events (
    session TEXT NOT NULL, job TEXT NOT NULL, kind TEXT NOT NULL, candidate INTEGER NOT NULL,
    event BLOB NOT NULL,
    PRIMARY KEY (session, job, kind, candidate)
);
"""

_KEEP_EVENT = "INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?, ?)"

Synchronous = Literal["normal", "full"]
log = logging.getLogger(__name__)


class SqliteJournal:
    """Keeps jobs, results and ends in a state folder. Written from one event loop."""

    def __init__(self, folder: Path, synchronous: Synchronous = "normal") -> None:
        """Open or make the journal; raises OSError when the folder cannot be used."""
        blobs = folder / BLOBS
        blobs.mkdir(mode=0o700, exist_ok=True)
        self.pictures = self._blobs = Blobs(blobs)
        self._database = _opened(folder / FILE)
        self._database.execute(f"PRAGMA synchronous = {synchronous}")

    async def keep_job(self, job: StoredJob) -> StoredJob:
        """Keep a job with its pictures; return it with the large ones in files."""
        submit = await self._lighter(job.submit)
        self._write(
            "INSERT INTO jobs VALUES (?, ?, ?, NULL, ?, ?, ?)",
            job.session,
            submit.job,
            job.created,
            job.preview_codec,
            job.preview_side,
            encode(submit),
        )
        return replace(job, submit=submit)

    async def lighter(self, event: JobEvent) -> JobEvent:
        """Keep an event's large picture in a file; return the event without it.

        One that lies in `pictures` already stays where it is.
        """
        return await self._lighter(event)

    def keep_event(self, session: str, event: JobEvent, now: float) -> None:
        """Keep an event in its slot; an end also ends its job."""
        with _translated(), self._database as database:
            kept = (session, event.job, *slot_of(event), encode(event))
            database.execute(_KEEP_EVENT, kept)
            if isinstance(event, TERMINAL):
                ended = (now, session, event.job)
                database.execute("UPDATE jobs SET ended = ? WHERE session = ? AND job = ?", ended)

    def keep_previews(self, session: str, previews: list[Preview]) -> list[Preview]:
        """Keep the last previews of an ended job; return them without their pixels."""
        rows: list[int | None] = []
        with _translated(), self._database as database:
            for preview in previews:
                if _row_of(preview) is None:
                    kept = (session, preview.job, *slot_of(preview), encode(preview))
                    cursor = database.execute(_KEEP_EVENT, kept)
                    rows.append(cursor.lastrowid)
                else:  # from the bridge's last life, and there already
                    rows.append(None)
        return [
            preview if row is None else _without_pixels(preview, row)
            for preview, row in zip(previews, rows, strict=True)
        ]

    def promise(self, session: str, ceiling: int) -> None:
        """Keep that no event of the session has a higher `seq`."""
        self._write("INSERT OR REPLACE INTO sessions VALUES (?, ?)", session, ceiling)

    async def whole(self, message: Carrier) -> Carrier:
        """Return a message with its pictures; FileNotFoundError when they are gone."""
        if isinstance(message, Preview) and (row := _row_of(message)) is not None:
            return self._preview(message, row)
        if not blob_names(message):
            return message
        return await asyncio.to_thread(attached, message, self._blobs)

    def forget(self, job: StoredJob) -> None:
        """Drop a job and its events."""
        key = (job.session, job.submit.job)
        with _translated(), self._database as database:
            for table in ("events", "jobs"):
                database.execute(f"DELETE FROM {table} WHERE session = ? AND job = ?", key)  # noqa: S608

    def drop(self, blobs: Iterable[str]) -> None:
        """Remove pictures that nothing needs any more."""
        for name in blobs:
            with contextlib.suppress(OSError):  # the next start removes it
                self._blobs.drop(name)

    def remembered(self) -> list[Remembered]:
        """Return what was kept, and remove pictures that belong to none of it."""
        sessions = self._rows("SELECT session, ceiling FROM sessions")
        names = {row[0] for row in self._rows("SELECT DISTINCT session FROM jobs")}
        ceilings = {**dict.fromkeys(names, 0), **dict(sessions)}
        kept = [self._remembered(session, ceiling) for session, ceiling in ceilings.items()]
        self.drop(self._blobs.names() - _used(kept))
        return kept

    def close(self) -> None:
        """Close the database; its WAL is merged into it."""
        self._database.close()

    async def _lighter(self, message: Carrier) -> Carrier:
        if not is_heavy(message):
            return message
        return await asyncio.to_thread(detached, message, self._blobs)

    def _remembered(self, session: str, ceiling: int) -> Remembered:
        rows = self._rows("SELECT rowid, event FROM events WHERE session = ?", session)
        read = [(row, event) for row, frame in rows if (event := _event_of(frame)) is not None]
        events = [_without_pixels(e, row) if isinstance(e, Preview) else e for row, e in read]
        seeds = {event.job: event.seed for event in events if isinstance(event, Started)}
        jobs = tuple(self._jobs(session, seeds))
        known = {job.submit.job for job, _ in jobs}
        line = tuple(sorted((e for e in events if e.job in known), key=lambda event: event.seq))
        return Remembered(session, ceiling, jobs, line)

    def _jobs(
        self, session: str, seeds: dict[str, int]
    ) -> Iterator[tuple[StoredJob, float | None]]:
        rows = self._rows(
            "SELECT submit, preview_codec, preview_side, created, ended FROM jobs"
            " WHERE session = ? ORDER BY rowid",  # not by a clock, which may have jumped
            session,
        )
        for frame, codec, side, created, ended in rows:
            submit = _submit_of(frame)
            if submit is None:
                continue
            if submit.seed is None:  # painted again, it shall look as it was told to
                submit = replace(submit, seed=seeds.get(submit.job))
            job = StoredJob(session, submit, codec, side, created)
            yield (job if ended is None else without_pictures(job)), ended

    def _preview(self, light: Preview, row: int) -> Preview:
        for (frame,) in self._rows("SELECT event FROM events WHERE rowid = ?", row):
            kept = _event_of(frame)
            if isinstance(kept, Preview) and (kept.job, kept.seq) == (light.job, light.seq):
                return kept
        raise FileNotFoundError(errno.ENOENT, "the preview is no longer kept")

    def _write(self, statement: str, *values: object) -> None:
        with _translated(), self._database as database:
            database.execute(statement, values)

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with _translated():
            return self._database.execute(statement, values).fetchall()


def _opened(path: Path) -> sqlite3.Connection:
    """Return the database; a damaged one is put aside and a new one made."""
    with _translated():
        try:
            return _connected(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise  # full, read-only, locked: not damaged
            aside = put_aside(path)
            database = _connected(path)
            rescued = rescue(aside / path.name, database)
            log.warning(
                "The database %s is damaged (%s). It was put aside, with all pictures, as %s; %d of"
                " its rows could be read and go on being used.",
                path,
                error,
                aside,
                rescued,
            )
            return database


def _connected(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, check_same_thread=False, timeout=1.0)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        database.executescript(_SCHEMA)
    except sqlite3.Error:
        database.close()
        raise
    return database


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Turn the database's errors into OSError, as of any other file."""
    try:
        yield
    except sqlite3.Error as error:
        full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        number = errno.ENOSPC if full else errno.EIO
        raise OSError(number, f"the database says: {error}") from error


def _event_of(frame: bytes) -> JobEvent | None:
    try:
        event = decode(frame, "server")
    except DecodeError as error:
        log.warning("An event of another version cannot be read: %s", error)
        return None
    return event if isinstance(event, JobEvent) else None


def _without_pixels(preview: Preview, row: int) -> Preview:
    picture = replace(preview.picture, data=b"", sha256=f"{_ROW}{row}")
    return replace(preview, picture=picture)


def _row_of(preview: Preview) -> int | None:
    mark = preview.picture.sha256
    return int(mark.removeprefix(_ROW)) if mark.startswith(_ROW) else None


def _submit_of(frame: bytes) -> Submit | None:
    try:
        submit = decode(frame, "client")
    except DecodeError as error:
        log.warning("A job of another version cannot be read: %s", error)
        return None
    return submit if isinstance(submit, Submit) else None


def _used(kept: Iterable[Remembered]) -> set[str]:
    messages: list[Submit | JobEvent] = []
    for session in kept:
        messages += [*(job.submit for job, _ in session.jobs), *session.events]
    return {name for message in messages for name in blob_names(message)}
