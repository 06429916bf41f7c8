"""What the installer told a plugin, read with care."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.wire.connection import config_folder, connection_path
from bridge.wire.installation import FILE, Installation, read_installation


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    told = Installation(["/opt/mahlstick", "serve"], "/c/connection.json", "/l", "1.2", ["a/b.py"])
    (tmp_path / FILE).write_text(told.text())
    assert read_installation(tmp_path) == told


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '"x"', "\x00"])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert read_installation(tmp_path) is None


def test_values_of_other_types_are_dropped(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"command": [1, "a"], "log": 3, "files": "x", "new": true}')
    assert read_installation(tmp_path) == Installation(["a"])


def test_a_bundle_without_it_has_none(tmp_path: Path) -> None:
    assert read_installation(tmp_path) is None


def test_the_bridge_itself_was_installed_by_nobody() -> None:
    assert read_installation() is None


def test_the_connection_file_is_looked_for_where_the_installer_said(tmp_path: Path) -> None:
    moved = {"HOME": "/home/p", "XDG_CONFIG_HOME": "/home/p/.var/app/x/config"}
    assert connection_path(moved, tmp_path) == config_folder(moved) / "connection.json"
    told = Installation([], "/home/p/.config/mahlstick/connection.json")
    (tmp_path / FILE).write_text(told.text())
    assert connection_path(moved, tmp_path) == Path("/home/p/.config/mahlstick/connection.json")
    named = {**moved, "MAHLSTICK_CONNECTION": "/named.json"}
    assert connection_path(named, tmp_path) == Path("/named.json")
