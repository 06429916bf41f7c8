"""Log records that say which job they are about, in the bridge and in its worker.

As lines for people or, for programs that collect logs, as one JSON object a line. What is logged
holds no token and no prompt: whoever may read a log may not paint, and need not know what is.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

LogFormat = Literal["text", "json"]
FORMAT = "%(asctime)s %(levelname)-7s %(name)s [%(job)s] %(message)s"
_job: ContextVar[str] = ContextVar("job", default="-")


@dataclass(frozen=True, slots=True)
class LogStyle:
    """How much is logged, and in which form."""

    level: str = "info"
    format: LogFormat = "text"


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


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, job, message and, with one, the error."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line."""
        seconds = self.formatTime(record, "%Y-%m-%dT%H:%M:%S")
        told = {
            "time": f"{seconds}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "job": getattr(record, "job", "-"),
            "message": record.getMessage(),
        }
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


def log_to_stderr(style: LogStyle) -> None:
    """Send the records of this process to standard error; called once, by an entry point."""
    handler = logging.StreamHandler()
    text = style.format == "text"
    handler.setFormatter(logging.Formatter(FORMAT) if text else JsonFormatter())
    handler.addFilter(JobFilter())
    logging.basicConfig(level=style.level.upper(), handlers=[handler])


def hush_uvicorn() -> None:
    """Keep the server library's records of requests out of every log: they hold the token."""
    for name in ("uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.addFilter(_is_worth_telling)


def _is_worth_telling(record: logging.LogRecord) -> bool:
    # It says so of every refused upgrade, which is no fault.
    return "without completing handshake" not in record.getMessage()
