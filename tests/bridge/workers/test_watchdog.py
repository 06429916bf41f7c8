"""A plugin that never comes back, in a real worker: the job is blocked, the worker replaced."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from bridge.blobs import Blobs
from bridge.wire import errors as codes
from bridge.wire.messages import Failed, Finished, JobEvent
from bridge.workers import Assignment
from bridge.workers.process import EngineChoice, ProcessWorker
from bridge.workers.watchdog import Watchdog
from tests.bridge.talk import a_submit
from tests.engine import tiny

TIMEOUT_S = 4.0
HANG = """
import re
import time

from engine import hookimpl


@hookimpl
def {hook}(request):
    if "house" in request.prompt:
        {how}
"""
SLEEPING = "time.sleep(1e6)"
HOLDING = "re.match('(a+)+$', 'a' * 60 + 'b')"  # never lets another thread run, for years


def painted_twice(folder: Path, hook: str, how: str) -> tuple[list[JobEvent], list[JobEvent]]:
    """Return the events of a job whose plugin hangs, and of the next one."""
    model = tiny.write_model(folder / "models" / "tiny")
    plugin = folder / "hanging_plugin.py"
    plugin.write_text(HANG.format(hook=hook, how=how))
    options = {"models": [str(model)], "hooks": [tiny.__file__, str(plugin)]}
    blobs = folder / "blobs"
    blobs.mkdir()

    async def run() -> tuple[list[JobEvent], list[JobEvent]]:
        choice = EngineChoice(options=options)
        worker = ProcessWorker(Blobs(blobs), choice, hook_timeout_s=TIMEOUT_S)
        try:
            first = await events_of(worker, "red house")
            assert worker.pid is None, "the process that hangs is gone"
            worker._watchdog = Watchdog(600.0)  # a busy machine must not stop the healthy one
            return first, await events_of(worker, "red")
        finally:
            await worker.release()

    return asyncio.run(run())


async def events_of(worker: ProcessWorker, prompt: str) -> list[JobEvent]:
    wishes: dict[str, Any] = {"model": "tiny", "width": 64, "height": 64, "candidates": 1}
    assignment = Assignment(f"s/{prompt}", a_submit(prompt, **wishes))
    async with aclosing(worker.paint(assignment)) as events:
        return [event async for event in events]


@pytest.mark.parametrize("how", [SLEEPING, HOLDING], ids=["sleeps", "holds the interpreter"])
def test_a_filter_that_hangs_blocks_its_job_and_costs_the_worker(how: str, tmp_path: Path) -> None:
    hung, healthy = painted_twice(tmp_path, "mahlstick_check_result", how)
    end = hung[-1]
    assert isinstance(end, Failed)
    assert (end.code, end.param) == (codes.REFUSED_BY_FILTER, "filter_failed")
    assert "hanging_plugin.py" in end.message
    assert "mahlstick_check_result within 4 s" in end.message
    assert not any(event.type in ("painted", "finished") for event in hung)
    assert isinstance(healthy[-1], Finished)


def test_another_hook_that_hangs_fails_its_job_and_costs_the_worker(tmp_path: Path) -> None:
    hung, healthy = painted_twice(tmp_path, "mahlstick_rank", SLEEPING)
    end = hung[-1]
    assert isinstance(end, Failed)
    assert (end.code, end.param) == (codes.INTERNAL, "")
    assert "hanging_plugin.py" in end.message
    assert isinstance(healthy[-1], Finished)


def test_nobody_is_watched_between_hooks() -> None:
    async def run() -> None:
        watchdog = Watchdog(5.0)
        assert watchdog.deadline is None
        watchdog.heard({"op": "hook", "plugin": "p", "hook": "mahlstick_step"})
        now = asyncio.get_running_loop().time()
        assert watchdog.deadline == pytest.approx(now + 5.0, abs=1.0)
        watchdog.heard({"op": "hook", "plugin": "", "hook": ""})
        assert watchdog.deadline is None
        watchdog.heard({"op": "hook", "plugin": "p", "hook": "mahlstick_step"})
        watchdog.rest()
        assert watchdog.deadline is None

    asyncio.run(run())
