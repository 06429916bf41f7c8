"""The bridge a command uses: the one that runs, or one of its own that ends with the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bridge.cli.failures import BridgeFailure
from bridge.cli.running import connected, running_bridge
from bridge.server import Ready
from bridge.wire.connection import VARIABLE
from bridge.wire.errors import RejectedError, UnreachableError


def test_a_running_bridge_is_used(bridge: Ready) -> None:
    state = Path(bridge.connection_file).parent
    with connected(state) as client:
        assert str(bridge.port) in client.connection.url


def test_without_one_a_bridge_is_started_and_ends_with_the_command(tmp_path: Path) -> None:
    with connected(tmp_path) as client:
        assert client.welcome.samplers
        found = running_bridge(tmp_path)
        assert found is not None
    assert found.process_is_gone()
    assert running_bridge(tmp_path) is None


def test_a_connection_file_of_a_dead_bridge_counts_as_none(tmp_path: Path) -> None:
    dead = {"url": "ws://127.0.0.1:9/v1/socket", "token": "t", "pid": 2**22 + 1, "version": "0"}
    (tmp_path / "connection.json").write_text(json.dumps(dead))
    assert running_bridge(tmp_path) is None


def test_a_bridge_named_by_the_environment_is_never_replaced_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "elsewhere.json"
    file.write_text(json.dumps({"url": "ws://127.0.0.1:9/v1/socket", "token": "t"}))
    monkeypatch.setenv(VARIABLE, str(file))
    with pytest.raises(UnreachableError, match="No bridge answers"), connected():
        pass


def test_a_wrong_token_is_said_to_be_wrong(
    bridge: Ready, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = json.loads(Path(bridge.connection_file).read_text())
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps({**found, "token": "wrong"}))
    monkeypatch.setenv(VARIABLE, str(file))
    with pytest.raises(RejectedError, match="token"), connected():
        pass


def test_a_bridge_that_cannot_start_says_why(tmp_path: Path) -> None:
    file = tmp_path / "a-file"
    file.touch()
    with pytest.raises(BridgeFailure, match="could not be started"), connected(file / "state"):
        pass
