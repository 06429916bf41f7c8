"""Log records that say which job they are about, in the bridge and in its worker."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

FORMAT = "%(asctime)s %(levelname)-7s %(name)s [%(job)s] %(message)s"
_job: ContextVar[str] = ContextVar("job", default="-")


@contextmanager
def about(job: str) -> Iterator[None]:
    """Name the job in every record logged inside, also from threads started by asyncio."""
    before = _job.set(job)
    try:
        yield
    finally:
        _job.reset(before)


class JobFilter(logging.Filter):
    """Puts the current job's id into each record as `job`."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True always; the record gains its `job`."""
        record.job = _job.get()
        return True


def log_to_stderr(level: str) -> None:
    """Send the records of this process to standard error; called once, by an entry point."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(FORMAT))
    handler.addFilter(JobFilter())
    logging.basicConfig(level=level.upper(), handlers=[handler])


def hush_uvicorn() -> None:
    """Keep the server library's records of requests out of every log: they hold the token."""
    for name in ("uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.addFilter(_is_worth_telling)


def _is_worth_telling(record: logging.LogRecord) -> bool:
    # It says so of every refused upgrade, which is no fault.
    return "without completing handshake" not in record.getMessage()
