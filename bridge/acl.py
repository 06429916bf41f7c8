"""Who may read a file on Windows, where a mode says nothing: its user alone, as 0600 elsewhere.

Not run by our tests on Windows itself: what is asked of `icacls` is a table, checked everywhere.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import PurePath

_TIMEOUT_S = 20.0
_SYSTEM = "*S-1-5-18"  # the system itself, which backs up and scans; by number, not by a local name

Run = Callable[[list[str]], int]


def restrict(
    path: PurePath,
    platform: str = sys.platform,
    environment: Mapping[str, str] | None = None,
    run: Run | None = None,
) -> None:
    """Let nobody but this user read a file; raises PermissionError where that fails.

    Without effect where the file's mode has done so already.
    """
    if platform != "win32":
        return
    known = os.environ if environment is None else environment
    status = (run or _run)(command(path, known))
    if status != 0:
        raise PermissionError(
            13, f"icacls cannot keep other users from reading it (status {status})", str(path)
        )


def command(path: PurePath, environment: Mapping[str, str]) -> list[str]:
    """Return what sets the file's access list; raises PermissionError for a nameless user.

    The program by its full path: one of the same name in the current folder is not it.
    """
    user, domain = environment.get("USERNAME", ""), environment.get("USERDOMAIN", "")
    if not user:
        raise PermissionError(13, "the user's name is not known (USERNAME)", str(path))
    root = environment.get("SYSTEMROOT") or environment.get("SystemRoot") or r"C:\Windows"
    owner = f"{domain}\\{user}" if domain else user
    return [
        rf"{root}\System32\icacls.exe",
        str(path),
        "/inheritance:r",  # what the folder grants to others does not hold
        "/grant:r",
        f"{owner}:F",
        f"{_SYSTEM}:F",
    ]


def _run(arguments: list[str]) -> int:
    # S603: the arguments are made above.
    done = subprocess.run(arguments, capture_output=True, timeout=_TIMEOUT_S, check=False)  # noqa: S603
    return done.returncode
