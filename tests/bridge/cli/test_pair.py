"""`mahlstick pair`, on both machines."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bridge.cli.failures import BridgeFailure, InputFailure
from bridge.cli.pair import pair
from bridge.cli.running import connected
from bridge.server import Parts, Ready, running
from bridge.state import StateFolder
from bridge.wire.connection import VARIABLE, Connection, read_connection
from bridge.wire.errors import UnreachableError
from bridge.wire.messages import Finished
from bridge.workers.inline import InlineWorker
from tests.bridge.painters import FlatPainter
from tests.bridge.talk import OFFER, a_submit, paint, settings_in

app = typer.Typer()
app.command()(pair)


def run(*arguments: str, typed: str = "") -> str:
    """Return what the command says; its failure is raised."""
    result = CliRunner().invoke(app, arguments, input=typed)
    if isinstance(result.exception, BridgeFailure | InputFailure):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Ready]:
    """A bridge that encrypts."""
    settings = settings_in(tmp_path, tls=True)
    with running(settings, Parts(InlineWorker(FlatPainter()), offer=OFFER)) as ready:
        yield ready


def invited(ready: Ready) -> tuple[str, str]:
    """Return code and fingerprint as they are shown on the bridge's machine."""
    said = run("--state-dir", str(ready.connection_file.parent))
    code = re.search(r"Code: (\d{4} \d{4})", said)
    fingerprint = re.search(r"Fingerprint: ((?:[0-9a-f]{4} ?){4})", said)
    assert code
    assert fingerprint
    assert f"THIS-MACHINE:{ready.port}" in said
    return code[1], fingerprint[1].strip()


def test_another_machine_is_paired_and_paints(
    studio: Ready, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, fingerprint = invited(studio)
    file = tmp_path / "laptop" / "connection.json"
    monkeypatch.setenv(VARIABLE, str(file))
    said = run(f"127.0.0.1:{studio.port}", "--name", "laptop", typed=f"y\n{code}\n")
    assert fingerprint in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = read_connection(file)
    assert kept.remote
    assert kept.fingerprint.startswith(fingerprint.replace(" ", ""))
    assert kept.token != read_connection(studio.connection_file).token
    with connected() as client:
        assert isinstance(paint(client, a_submit())[-1], Finished)
    state = str(studio.connection_file.parent)
    listed = run("--state-dir", state, "--list")
    assert "laptop" in listed
    run("--state-dir", state, "--forget", listed.split()[0])
    assert "No machine" in run("--state-dir", state, "--list")


def test_a_certificate_that_nobody_compared_is_told_no_code(studio: Ready, tmp_path: Path) -> None:
    address, out = f"127.0.0.1:{studio.port}", ["--out", str(tmp_path / "c.json")]
    with pytest.raises(BridgeFailure, match="somebody else"):
        run(address, *out, typed="n\n")
    for wrong in ("0123456789abcdef", "00"):
        with pytest.raises(BridgeFailure, match="another certificate"):
            run(address, *out, "--fingerprint", wrong, "--code", "1")
    assert not (tmp_path / "c.json").exists()


def test_a_wrong_code_is_the_bridge_s_sentence(studio: Ready, tmp_path: Path) -> None:
    _, fingerprint = invited(studio)
    given = ["--fingerprint", fingerprint, "--code", "nonsense", "--out", str(tmp_path / "c.json")]
    with pytest.raises(BridgeFailure, match="wrong, was used, or is past its time"):
        run(f"127.0.0.1:{studio.port}", *given)


def test_a_bridge_without_tls_is_paired_only_when_told_so(bridge: Ready, tmp_path: Path) -> None:
    address, out = f"127.0.0.1:{bridge.port}", tmp_path / "c.json"
    with pytest.raises(BridgeFailure, match="does not encrypt"):
        run(address, "--out", str(out), "--code", "1")
    code = re.search(r"Code: ([\d ]+\d)", run("--state-dir", str(bridge.connection_file.parent)))
    assert code
    run(address, "--out", str(out), "--code", code[1], "--plain")
    assert read_connection(out).url == f"ws://127.0.0.1:{bridge.port}/v1/socket"


@pytest.mark.parametrize("address", ["", ":8765", "studio:port", "http://"])
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(InputFailure, match="NAME:PORT"):
        run(address)


def test_a_bridge_that_runs_here_keeps_its_file(studio: Ready) -> None:
    with pytest.raises(BridgeFailure, match="runs on this machine"):
        run("studio.local", "--out", str(studio.connection_file), "--code", "1")


def test_a_paired_bridge_is_neither_overwritten_nor_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config" / "connection.json"
    file.parent.mkdir()
    far = {"url": "ws://127.0.0.1:9/v1/socket", "token": "t", "remote": True}
    file.write_text(json.dumps(far))
    with StateFolder(tmp_path / "state") as state:
        state.publish(Connection("ws://127.0.0.1:1/", "mine", 5), (state.path, file.parent))
        assert read_connection(file).url == far["url"]
        assert read_connection(state.connection_file).token == "mine"
    assert json.loads(file.read_text()) == far
    monkeypatch.setattr("bridge.cli.running.connection_path", lambda: file)
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(UnreachableError), connected():
        pass
