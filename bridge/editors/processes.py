"""Whether an editor runs right now: it reads its plugins only when it starts."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from bridge.editors.places import Editor

PROC = Path("/proc")
_NAMES: dict[Editor, tuple[str, ...]] = {
    "krita": ("krita",),
    "gimp": ("gimp", "gimp-3", "gimp-3.0", "gimp-3.2"),
}


def is_running(editor: Editor, proc: Path = PROC) -> bool:
    """Tell whether the editor runs, as far as this system lets us see; None is never an error."""
    names = {name.lower() for name in _NAMES[editor]}
    running = _linux(proc) if proc.is_dir() else _elsewhere()
    return bool(names & running)


def _linux(proc: Path) -> set[str]:
    found = set()
    for path in proc.glob("[0-9]*/comm"):
        try:
            found.add(path.read_text("utf-8", "replace").strip().lower())
        except OSError:  # it ended meanwhile
            continue
    return found


def _elsewhere() -> set[str]:
    windows = sys.platform == "win32"
    command = ["tasklist", "/FO", "CSV", "/NH"] if windows else ["ps", "-A", "-o", "comm="]
    if shutil.which(command[0]) is None:
        return set()
    try:
        told = subprocess.run(  # noqa: S603 - a program of the system
            command, capture_output=True, text=True, timeout=30, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):  # only a remark depends on it
        return set()
    return {_program(line) for line in told.splitlines()}


def _program(line: str) -> str:
    """Return a program's bare name from a line that either of the two prints."""
    first = line.strip().split('","')[0].strip('"')
    return first.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
