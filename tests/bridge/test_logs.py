"""Log records say which job they are about."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bridge.logs import FORMAT, JobFilter, about


def line() -> str:
    record = logging.LogRecord("name", logging.INFO, __file__, 1, "message", None, None)
    JobFilter().filter(record)
    return logging.Formatter(FORMAT).format(record)


def test_a_record_names_its_job_and_only_inside() -> None:
    assert "[-]" in line()
    with about("one"):
        assert "[one]" in line()
        with about("two"):
            assert "[two]" in line()
        assert "[one]" in line()
    assert "[-]" in line()


def test_threads_started_for_a_job_name_it_too() -> None:
    async def work() -> str:
        with about("one"):
            return await asyncio.to_thread(line)

    assert "[one]" in asyncio.run(work())


def test_the_server_library_logs_no_requests(
    bridge: object, caplog: pytest.LogCaptureFixture
) -> None:
    assert bridge
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("uvicorn.error").debug("< authorization: Bearer secret")
    assert "secret" not in caplog.text
