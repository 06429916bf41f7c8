"""The connection file: found where each system keeps such things, and read with care."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bridge.settings import Settings
from bridge.wire.connection import (
    Connection,
    config_folder,
    connection_path,
    parse_connection,
    read_connection,
    state_folder,
)
from bridge.wire.errors import NO_BRIDGE, ConnectionFileError

GOOD = {"url": "ws://127.0.0.1:7860/v1/socket", "token": "secret", "pid": 1234, "version": "0.1"}


@pytest.mark.parametrize(
    ("environment", "platform", "folder"),
    [
        ({"HOME": "/home/p"}, "linux", "/home/p/.config/mahlstick"),
        ({"HOME": "/home/p", "XDG_CONFIG_HOME": "/cfg"}, "linux", "/cfg/mahlstick"),
        (
            {"HOME": "/home/p", "XDG_CONFIG_HOME": "relative"},
            "linux",
            "/home/p/.config/mahlstick",
        ),
        ({"HOME": "/Users/p"}, "darwin", "/Users/p/Library/Application Support/mahlstick"),
        ({"APPDATA": "/C/Roaming", "USERPROFILE": "/C/p"}, "win32", "/C/Roaming/mahlstick"),
        ({"USERPROFILE": "/C/p"}, "win32", "/C/p/AppData/Roaming/mahlstick"),
    ],
)
def test_the_folder_is_the_one_of_the_system(
    environment: dict[str, str], platform: str, folder: str
) -> None:
    assert config_folder(environment, platform) == Path(folder)


@pytest.mark.parametrize(
    ("environment", "platform", "folder"),
    [
        ({"HOME": "/home/p"}, "linux", "/home/p/.local/state/mahlstick"),
        ({"HOME": "/home/p", "XDG_STATE_HOME": "/st"}, "linux", "/st/mahlstick"),
        ({"HOME": "/Users/p"}, "darwin", "/Users/p/Library/Application Support/mahlstick"),
        ({"LOCALAPPDATA": "/C/Local"}, "win32", "/C/Local/mahlstick/mahlstick"),
    ],
)
def test_the_state_folder_is_the_one_of_the_system(
    environment: dict[str, str], platform: str, folder: str
) -> None:
    assert state_folder(environment, platform) == Path(folder)


def test_an_editor_and_the_bridge_mean_the_same_state_folder() -> None:
    assert state_folder() == Settings.model_fields["state_dir"].get_default(
        call_default_factory=True
    )


def test_the_environment_names_another_file() -> None:
    assert connection_path({"MAHLSTICK_CONNECTION": "/x/y.json"}) == Path("/x/y.json")
    found = connection_path({"HOME": "/home/p", "XDG_CONFIG_HOME": "/cfg"})
    assert found.name == "connection.json"
    assert found.parent == config_folder({"HOME": "/home/p", "XDG_CONFIG_HOME": "/cfg"})


def test_a_file_is_read_from_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "elsewhere.json"
    path.write_text(json.dumps(GOOD))
    monkeypatch.setenv("MAHLSTICK_CONNECTION", str(path))
    assert read_connection() == Connection(GOOD["url"], "secret", 1234, "0.1", path)


def test_the_token_is_kept_out_of_logs(tmp_path: Path) -> None:
    assert "secret" not in repr(parse_connection(json.dumps(GOOD).encode(), tmp_path))


def test_a_missing_file_means_no_bridge_and_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConnectionFileError, match=r"No bridge is running.*mahlstick serve") as e:
        read_connection(tmp_path / "connection.json")
    assert e.value.code == NO_BRIDGE


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConnectionFileError, match="cannot be read: Is a directory"):
        read_connection(tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "not a JSON object"),
        (b"{", "not a JSON object"),
        (b"[1]", "not a JSON object"),
        (b"\xff", "not a JSON object"),
        (b"[" * 60_000, "not a JSON object"),
        (b"{}", "url"),
        (json.dumps({**GOOD, "url": "http://x"}).encode(), "url is not a ws://"),
        (json.dumps({**GOOD, "token": ""}).encode(), "token is missing"),
        (json.dumps({**GOOD, "token": "a\r\nHost: evil"}).encode(), "token is missing"),
        (json.dumps({**GOOD, "token": 5}).encode(), "token is missing"),
    ],
)
def test_a_damaged_file_is_told(tmp_path: Path, text: bytes, reason: str) -> None:
    path = tmp_path / "connection.json"
    path.write_bytes(text)
    with pytest.raises(ConnectionFileError, match=f"is damaged: .*{reason}"):
        read_connection(path)


@pytest.mark.parametrize("pid", [None, "12", -5, 0, True, 1 << 40, 1.5])
def test_an_odd_process_number_is_as_good_as_none(pid: Any) -> None:
    found = parse_connection(json.dumps({**GOOD, "pid": pid}).encode())
    assert found.pid == 0
    assert not found.process_is_gone()


def test_a_process_that_ended_is_told_from_one_that_runs() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert Connection("ws://x", "t", ended.pid).process_is_gone()
    assert not Connection("ws://x", "t", os.getpid()).process_is_gone()
    assert not Connection("ws://x", "t", 1).process_is_gone()
