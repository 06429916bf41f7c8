"""/health and /metrics: what they tell, to whom, and what they keep to themselves."""

from __future__ import annotations

import http.client
import json
import logging
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bridge.server import Parts, Ready, running
from bridge.settings import Settings
from bridge.transports.watching import resident_bytes
from bridge.wire.connection import read_connection
from bridge.wire.messages import Cancel, Cancelled, Failed, Finished, Preview
from bridge.workers.inline import InlineWorker
from bridge.workers.process import EngineChoice
from tests.bridge.painters import FlatPainter
from tests.bridge.talk import OFFER, a_submit, connect, hear_until, paint, settings_in


def get(ready: Ready, path: str, *, token: bool = True, **headers: str) -> tuple[int, bytes, Any]:
    secret = read_connection(ready.connection_file).token
    if token:
        headers["Authorization"] = f"Bearer {secret}"
    connection = http.client.HTTPConnection("127.0.0.1", ready.port, timeout=30)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


def health(ready: Ready) -> dict[str, Any]:
    status, body, _ = get(ready, "/health", token=False)
    assert status == 200
    return json.loads(body)


def metrics(ready: Ready) -> dict[tuple[str, ...], float]:
    """Return every sample by its name and the values of its labels."""
    status, body, headers = get(ready, "/metrics")
    assert status == 200
    assert headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 100
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


@pytest.fixture
def small(settings: Settings) -> Any:
    with running(settings, Parts(InlineWorker(FlatPainter()), offer=OFFER)) as ready:
        yield ready


def test_health_needs_no_token_and_tells_states_only(small: Ready) -> None:
    asleep = {
        "live": True,
        "ready": True,
        "model_loaded": False,
        "worker": "asleep",
        "queue": {"waiting": 0, "painting": 0},
    }
    assert health(small) == asleep
    with connect(small) as client:
        first, second = a_submit("slow", candidates=1), a_submit("a word that is private")
        client.send(first)
        hear_until(client, Preview)
        client.send(second)
        wait_until(lambda: health(small)["queue"] == {"waiting": 1, "painting": 1})
        told = health(small)
        assert (told["worker"], told["model_loaded"]) == ("painting", True)
        assert "private" not in json.dumps(told)
        client.send(Cancel(first.job))
        hear_until(client, Finished)
    _, _, headers = get(small, "/health", token=False)
    assert headers.get("server") is None


def test_readiness_is_a_status_of_its_own(settings: Settings) -> None:
    with running(settings, Parts(InlineWorker(FlatPainter()), offer=OFFER)) as ready:
        wait_until(lambda: get(ready, "/health/ready", token=False)[0] == 200)
    hangs = settings.model_copy(update={"hooks": ["nowhere.py"]})  # so the engine cannot say
    with running(hangs, Parts(InlineWorker(FlatPainter()))) as ready:
        assert get(ready, "/health/ready", token=False)[0] == 503
        assert health(ready)["ready"] is False


def test_metrics_need_the_token_and_keep_out_web_pages(small: Ready) -> None:
    assert get(small, "/metrics", token=False)[0] == 401
    assert get(small, "/metrics", Origin="https://evil.example")[0] == 403
    assert get(small, "/metrics", Host="evil.example")[0] == 403
    for path in ("/health", "/health/ready"):
        assert get(small, path, Origin="null")[0] == 403


def test_metrics_count_what_happened(small: Ready) -> None:
    before = metrics(small)
    assert before[("mahlstick_jobs_total", "finished")] == 0
    assert before[("mahlstick_clients",)] == 0
    with connect(small) as client:
        assert isinstance(paint(client, a_submit(candidates=2))[-1], Finished)
        assert isinstance(paint(client, a_submit("wrong"))[-1], Failed)
        assert isinstance(paint(client, a_submit("broken"))[-1], Failed)
        slow, waits = a_submit("slow"), a_submit("secret words")
        client.send(slow)
        hear_until(client, Preview)
        client.send(waits)
        wait_until(lambda: metrics(small)[("mahlstick_queue_length",)] == 1)
        found = metrics(small)
        client.send(Cancel(waits.job))
        client.send(Cancel(slow.job))
        hear_until(client, Cancelled)
        hear_until(client, Cancelled)
    assert found[("mahlstick_jobs_painting",)] == 1
    assert found[("mahlstick_clients",)] == 1
    assert found[("mahlstick_model_loaded",)] == 1
    assert found[("mahlstick_jobs_total", "finished")] == 1
    assert found[("mahlstick_jobs_total", "failed")] == 2
    assert found[("mahlstick_failures_total", "bad_request")] == 1
    assert found[("mahlstick_failures_total", "internal")] == 1
    assert found[("mahlstick_step_seconds_count",)] >= 4
    assert (
        found[("mahlstick_step_seconds_bucket", "+Inf")] == found[("mahlstick_step_seconds_count",)]
    )
    assert metrics(small)[("mahlstick_jobs_total", "cancelled")] == 2
    assert b"secret words" not in get(small, "/metrics")[1]


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux")
def test_memory_is_that_of_bridge_and_worker(small: Ready) -> None:
    held = metrics(small)
    mine = resident_bytes(os.getpid())
    assert mine is not None
    assert 0.2 * mine < held[("mahlstick_memory_bytes", "bridge")] < 5 * mine
    assert held[("mahlstick_memory_bytes", "worker")] == 0, "there is none yet"
    assert resident_bytes(2**31 - 1) is None


def test_an_idle_worker_ends_and_the_next_job_starts_another(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_in(tmp_path, worker_idle_s=1.0)
    parts = Parts(engine=EngineChoice("tests.bridge.painters:make", {}), offer=OFFER)

    def pids() -> list[int]:
        return [int(pid) for pid in re.findall(r"process (\d+)\) has started", caplog.text)]

    with caplog.at_level(logging.INFO, "bridge"), running(settings, parts) as ready:
        assert health(ready)["worker"] == "asleep", "the first job starts it"
        with connect(ready) as client:
            assert isinstance(paint(client, a_submit())[-1], Finished)
        held = metrics(ready)[("mahlstick_memory_bytes", "worker")]
        wait_until(lambda: health(ready)["worker"] == "asleep")
        assert health(ready)["model_loaded"] is False
        assert metrics(ready)[("mahlstick_memory_bytes", "worker")] == 0
        wait_until(lambda: not _runs(pids()[0]))
        with connect(ready) as client:
            assert isinstance(paint(client, a_submit())[-1], Finished)
        assert len(set(pids())) == 2
        print(f"{held / 2**20:.0f} MiB were given back")  # noqa: T201


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
