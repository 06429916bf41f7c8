"""The state folder: one bridge at a time, and secrets for its user alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.errors import AlreadyRunning, StateFolderError
from bridge.state import StateFolder, write_private
from bridge.wire.connection import Connection, read_connection


def a_connection() -> Connection:
    return Connection("ws://127.0.0.1:1/v1/socket", "secret", os.getpid(), "1")


def test_the_second_to_come_learns_where_the_first_is(tmp_path: Path) -> None:
    with (
        StateFolder(tmp_path) as state,
        pytest.raises(AlreadyRunning) as lost,
        StateFolder(tmp_path),
    ):
        pass
    assert lost.value.connection_file == state.connection_file


def test_a_folder_is_free_again_however_its_bridge_ended(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from bridge.state import StateFolder\n"
        "StateFolder(Path(sys.argv[1])).__enter__(); os.kill(os.getpid(), 9)"
    )
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root}
    ended = subprocess.run([sys.executable, "-c", script, tmp_path], env=environment, check=False)
    assert ended.returncode == -9
    with StateFolder(tmp_path):
        pass


def test_the_connection_file_is_for_its_user_alone_and_goes_with_the_bridge(
    tmp_path: Path,
) -> None:
    folders = (tmp_path / "state", tmp_path / "config")
    with StateFolder(folders[0]) as state:
        state.publish(a_connection(), folders)
        for folder in folders:
            path = folder / "connection.json"
            assert path.stat().st_mode & 0o777 == 0o600
            assert read_connection(path).token == "secret"
    assert not [folder for folder in folders if (folder / "connection.json").exists()]


def test_a_later_bridge_s_connection_file_stays(tmp_path: Path) -> None:
    config = tmp_path / "config"
    with StateFolder(tmp_path / "state") as state:
        state.publish(a_connection(), [config])
        told = json.loads((config / "connection.json").read_text())
        (config / "connection.json").write_text(json.dumps({**told, "pid": os.getpid() + 1}))
    assert (config / "connection.json").exists()


def test_a_service_without_a_home_publishes_in_its_own_folder(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    with StateFolder(tmp_path / "state") as state:
        nowhere = tmp_path / "file" / "config"
        state.publish(Connection("ws://127.0.0.1:1/", "token", 1), (state.path, nowhere))
        assert state.connection_file.exists()
        assert "do not find the bridge" in caplog.text
        with pytest.raises(StateFolderError):
            StateFolder(nowhere).publish(Connection("ws://x/", "token"), (nowhere,))


def test_a_dead_bridge_s_connection_file_is_removed(tmp_path: Path) -> None:
    (tmp_path / "connection.json").write_text("left behind")
    with StateFolder(tmp_path) as state:
        assert not state.connection_file.exists()


def test_the_token_lasts_and_has_256_bits(tmp_path: Path) -> None:
    with StateFolder(tmp_path / "one") as state:
        token = state.token()
        assert state.token() == token
        assert (tmp_path / "one" / "token").stat().st_mode & 0o777 == 0o600
    with StateFolder(tmp_path / "one") as state:
        assert state.token() == token
    with StateFolder(tmp_path / "two") as state:
        assert state.token() != token
    assert len(token) >= 43  # 256 bits in base64


@pytest.mark.parametrize("damaged", [b"", b"short", b"\xff\xfe" * 40])
def test_a_damaged_token_is_replaced(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / "token").write_bytes(damaged)
    with StateFolder(tmp_path) as state:
        assert len(state.token()) >= 43


def test_folders_have_names_of_their_own(tmp_path: Path) -> None:
    one, two = StateFolder(tmp_path / "one"), StateFolder(tmp_path / "two")
    assert one.id != two.id
    assert one.id == StateFolder(tmp_path / "one").id


def test_a_folder_that_cannot_be_one_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateFolderError, match="--state-dir"), StateFolder(tmp_path / "file"):
        pass


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "name").mkdir()  # a rename over a folder fails
    with pytest.raises(StateFolderError, match="cannot be written"):
        write_private(tmp_path / "name", b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["name"]
