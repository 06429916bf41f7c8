"""Log records say which job they are about."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.logs import FORMAT, JobFilter, JsonFormatter, about
from bridge.wire.messages import Failed, Finished
from tests.bridge.talk import a_submit, connect, paint


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


def test_a_line_for_programs_is_one_json_object() -> None:
    error = ZeroDivisionError("two\nlines")
    about_it = (type(error), error, None)
    record = logging.LogRecord("name", logging.ERROR, __file__, 1, "a\n%s", ("moon",), about_it)
    with about("one"):
        JobFilter().filter(record)
    text = JsonFormatter().format(record)
    told = json.loads(text)
    assert "\n" not in text
    assert (told["level"], told["logger"], told["job"]) == ("error", "name", "one")
    assert told["message"] == "a\nmoon"
    assert told["error"].endswith("ZeroDivisionError: two\nlines")
    assert told["time"].endswith("Z")
    assert "T" in told["time"]


SAYS_ALL = """
import asyncio, sys
from pathlib import Path
from bridge.server import Parts, serve
from bridge.wire.connection import read_connection
from bridge.workers.process import EngineChoice
from tests.bridge.talk import OFFER, settings_in

settings = settings_in(
    Path(sys.argv[1]), log_level="debug", log_format=sys.argv[2], token="t0ken-" * 8
)
engine = EngineChoice("tests.bridge.painters:make", {})
serve(settings, lambda ready: print(ready.port, flush=True), Parts(engine=engine, offer=OFFER))
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_whole_log_holds_jobs_and_neither_tokens_nor_prompts(tmp_path: Path, form: str) -> None:
    from bridge.server import Ready
    from tests.bridge.test_auth import UPGRADE, ask

    written = tmp_path / "log"
    with (
        written.open("wb") as stderr,
        subprocess.Popen(
            [sys.executable, "-c", SAYS_ALL, tmp_path, form],
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        ) as process,
    ):
        assert process.stdout is not None
        port = int(process.stdout.readline())
        ready = Ready("", port, process.pid, tmp_path / "state" / "connection.json")
        job = a_submit("a private prompt", candidates=1)
        with connect(ready) as client:
            assert isinstance(paint(client, job)[-1], Finished)
            assert isinstance(paint(client, a_submit("broken and private"))[-1], Failed)
        ask(ready, "GET", "/v1/models", {})
        ask(ready, "GET", "/v1/socket?token=" + "t0ken-" * 8, UPGRADE)
        ask(ready, "GET", "/metrics", {"Authorization": "Basic " + "t0ken-" * 8})
        process.terminate()
    said = written.read_text("utf-8")
    assert "t0ken-" not in said
    assert "private" not in said
    assert job.job in said
    if form == "json":
        lines = [json.loads(line) for line in said.splitlines()]
        assert {"time", "level", "logger", "job", "message"} <= set(lines[0])
        assert job.job in {line["job"] for line in lines}
        assert any("ZeroDivisionError" in line.get("error", "") for line in lines)


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
