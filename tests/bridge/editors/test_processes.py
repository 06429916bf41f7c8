"""Whether an editor runs, read from a made-up list of processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.editors.processes import _program, is_running


def test_an_editor_is_seen_among_the_processes(tmp_path: Path) -> None:
    for number, name in (("1", "init"), ("77", "krita"), ("self", "gimp")):
        (tmp_path / number).mkdir()
        (tmp_path / number / "comm").write_text(f"{name}\n")
    (tmp_path / "99").mkdir()  # it ended while we looked
    assert is_running("krita", tmp_path)
    assert not is_running("gimp", tmp_path)


def test_where_there_is_no_such_list_the_systems_own_is_asked(tmp_path: Path) -> None:
    assert isinstance(is_running("gimp", tmp_path / "none"), bool)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('"krita.exe","4312","Console","1","310,000 K"', "krita"),
        ("/Applications/krita.app/Contents/MacOS/krita", "krita"),
        ("gimp-3.0", "gimp-3.0"),
    ],
)
def test_windows_and_macos_name_programs_in_their_own_ways(line: str, name: str) -> None:
    assert _program(line) == name
