"""The bridge as a process: how soon it is there, how small it is, how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bridge.errors import AlreadyRunning, ListenError
from bridge.server import Parts, Ready, running
from bridge.settings import Settings
from bridge.wire.errors import ClosedError
from bridge.wire.messages import Finished
from bridge.workers.inline import InlineWorker
from tests.bridge.painters import FlatPainter
from tests.bridge.talk import OFFER, a_submit, connect, hear_until, paint, settings_in

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "diffusers", "transformers", "cv2", "PIL", "numpy")
RSS_KIB = 80 * 1024

SCRIPT = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from bridge.server import serve
from tests.bridge.talk import settings_in

def told(ready):
    heavy = [name for name in {heavy!r} if name in sys.modules]
    print(json.dumps({{**asdict(ready), "heavy": heavy}}, default=str), flush=True)

serve(settings_in(Path(sys.argv[1])), told)
"""


@contextmanager
def bridge_process(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, object]]]:
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(heavy=HEAVY), folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def test_an_idle_bridge_is_small_and_holds_nothing_heavy(tmp_path: Path) -> None:
    with bridge_process(tmp_path) as (process, told):
        assert told["heavy"] == []
        status = Path(f"/proc/{process.pid}/status").read_text()
        resident = int(status.partition("VmRSS:")[2].split()[0])
        print(f"an idle bridge holds {resident / 1024:.0f} MiB")  # noqa: T201
        assert resident < RSS_KIB


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_bridge_ends_in_order_when_asked(tmp_path: Path, number: signal.Signals) -> None:
    with bridge_process(tmp_path) as (process, told):
        process.send_signal(number)
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()
    assert not Path(str(told["connection_file"])).exists()
    with running(settings_in(tmp_path), Parts(InlineWorker(FlatPainter()), offer=OFFER)):
        pass


def test_two_bridges_do_not_share_a_state_folder(settings: Settings) -> None:
    parts = Parts(InlineWorker(FlatPainter()), offer=OFFER)
    with running(settings, parts) as ready:
        with pytest.raises(AlreadyRunning) as lost, running(settings, parts):
            pass
        winner = Ready(ready.url, ready.port, ready.pid, lost.value.connection_file)
        with connect(winner) as client:
            assert isinstance(paint(client, a_submit())[-1], Finished)


def test_a_port_that_is_taken_is_a_sentence(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        busy = settings.model_copy(update={"port": port})
        with pytest.raises(ListenError, match=f"127.0.0.1:{port}.*--port"), running(busy):
            pass


def test_listening_beyond_loopback_needs_more(settings: Settings) -> None:
    wide = settings.model_copy(update={"host": "0.0.0.0"})  # noqa: S104
    with pytest.raises(ListenError, match="allowed_hosts"), running(wide):
        pass


def test_a_bridge_that_ends_says_goodbye_to_its_clients(settings: Settings) -> None:
    parts = Parts(InlineWorker(FlatPainter()), offer=OFFER)
    with running(settings, parts) as ready:
        client = connect(ready)
        client.send(a_submit("slow"))
    with client, pytest.raises(ClosedError, match="closed the connection"):
        hear_until(client, type(None))


def test_the_engine_s_offer_is_told(tmp_path: Path) -> None:
    parts = Parts(InlineWorker(FlatPainter()))
    with running(settings_in(tmp_path), parts) as ready, connect(ready) as client:
        assert "euler" in client.welcome.samplers
        assert client.welcome.schedules


def test_a_hook_that_cannot_be_loaded_does_not_keep_the_bridge_from_answering(
    tmp_path: Path,
) -> None:
    hook = tmp_path / "hook.py"
    hook.write_text("raise RuntimeError('broken hook')")
    settings = settings_in(tmp_path, hooks=[str(hook)])
    parts = Parts(InlineWorker(FlatPainter()))
    with running(settings, parts) as ready, connect(ready) as client:
        assert client.welcome.models == []
