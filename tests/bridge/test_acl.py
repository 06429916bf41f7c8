"""Access lists of Windows, as a table; what they do there was not run."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import pytest

from bridge.acl import command, restrict

FILE = PureWindowsPath(r"C:\Users\ana\AppData\Roaming\mahlstick\connection.json")


@pytest.mark.parametrize(
    ("environment", "program", "owner"),
    [
        (
            {"USERNAME": "ana", "USERDOMAIN": "STUDIO", "SystemRoot": r"D:\Win"},
            r"D:\Win\System32\icacls.exe",
            r"STUDIO\ana:F",
        ),
        ({"USERNAME": "ana"}, r"C:\Windows\System32\icacls.exe", "ana:F"),
        (
            {"USERNAME": "Ana Ruiz", "USERDOMAIN": "PC", "SYSTEMROOT": r"C:\Windows"},
            r"C:\Windows\System32\icacls.exe",
            r"PC\Ana Ruiz:F",
        ),
    ],
)
def test_the_user_and_the_system_alone_may_read(
    environment: dict[str, str], program: str, owner: str
) -> None:
    asked: list[list[str]] = []

    def run(arguments: list[str]) -> int:
        asked.append(arguments)
        return 0

    restrict(FILE, "win32", environment, run)
    assert asked == [
        [program, str(FILE), "/inheritance:r", "/grant:r", owner, "*S-1-5-18:F"],
    ]


def test_a_file_that_others_could_read_is_an_error() -> None:
    with pytest.raises(PermissionError, match="status 5"):
        restrict(FILE, "win32", {"USERNAME": "ana"}, lambda _: 5)
    with pytest.raises(PermissionError, match="USERNAME"):
        command(FILE, {})


def test_elsewhere_the_mode_is_enough(tmp_path: Path) -> None:
    def run(_: list[str]) -> int:
        raise AssertionError("nothing is to be run")

    restrict(tmp_path, "linux", {}, run)
    restrict(tmp_path, "darwin", {}, run)
