"""Krita's settings file: our plugin's switch and the resource folder, and nothing else touched.

The file is KConfig's: `[group]` lines, then `key=value` lines. It is edited as text, line by line,
so that every other byte stays, comments, order and line ends included.
"""

from __future__ import annotations

import re
from pathlib import Path

GROUP = "[python]"
KEY = "enable_mahlstick"
_KEY_LINE = re.compile(rf"{KEY}(\[\$\w+\])?\s*=\s*(?P<value>.*)")
_FOLDER_LINE = re.compile(r"ResourceDirectory(\[\$(?P<flags>\w+)\])?\s*=\s*(?P<value>.*)")
_ESCAPE = re.compile(r"\\(.)")


def read(path: Path) -> str:
    """Return a settings file's text, empty where there is none; undecodable bytes survive."""
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""


def is_enabled(text: str) -> bool:
    """Tell whether Krita loads our plugin."""
    lines = text.splitlines()
    found = [_KEY_LINE.fullmatch(lines[number].strip()) for number in _own_lines(lines)]
    return bool(found) and found[-1] is not None and found[-1]["value"].lower() in ("true", "1")


def enabled(text: str) -> str:
    """Return the settings with our plugin switched on."""
    if is_enabled(text):
        return text
    end = "\r\n" if "\r\n" in text else "\n"
    lines = disabled(text).splitlines(keepends=True)
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += end
    groups = [number for number, line in enumerate(lines) if line.strip() == GROUP]
    if groups:
        lines.insert(groups[-1] + 1, f"{KEY}=true{end}")
    else:
        lines += [end] if lines else []
        lines += [f"{GROUP}{end}", f"{KEY}=true{end}"]
    return "".join(lines)


def disabled(text: str) -> str:
    """Return the settings without our plugin's switch, and without a group that held only it."""
    lines = text.splitlines(keepends=True)
    for number in reversed(_own_lines(lines)):
        del lines[number]
        if _is_empty_group(lines, number - 1):
            del lines[number - 1]
            if number - 1 == len(lines) and lines and not lines[-1].strip():
                del lines[-1]  # the empty line that stood before the group
    return "".join(lines)


def resource_folder(text: str, home: Path) -> Path | None:
    """Return the resource folder that the painter chose in Krita; None: the usual one."""
    group = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            group = line
        found = _FOLDER_LINE.fullmatch(line) if not group else None
        if found and found["value"]:
            value = _ESCAPE.sub(_unescaped, found["value"])
            if "e" in (found["flags"] or ""):  # KConfig: this value names variables
                value = value.replace("${HOME}", str(home)).replace("$HOME", str(home))
            return Path(value)
    return None


def _unescaped(match: re.Match[str]) -> str:
    return {"s": " ", "t": "\t", "n": "\n"}.get(match[1], match[1])


def _own_lines(lines: list[str]) -> list[int]:
    """Return the numbers of the lines with our switch."""
    found, group = [], ""
    for number, line in enumerate(map(str.strip, lines)):
        if line.startswith("["):
            group = line
        elif group == GROUP and _KEY_LINE.fullmatch(line):
            found.append(number)
    return found


def _is_empty_group(lines: list[str], number: int) -> bool:
    """Tell whether this line is our group's head and nothing stands between it and the next."""
    if lines[number].strip() != GROUP:
        return False
    return number + 1 == len(lines) or lines[number + 1].strip().startswith("[")
