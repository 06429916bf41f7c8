"""What the installer told an editor's plugin: where the bridge's program and connection file are.

`mahlstick plugins install` writes `installation.json` into the bundle's package, with absolute
paths: a flatpak or an AppImage moves the folders that the plugin would look in by itself. A bundle
that came by another way, such as Krita's own importer, has no such file.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

FILE = "installation.json"
PACKAGE = Path(__file__).resolve().parents[1]  # in a bundle: the package this one travels in
_MAX_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Installation:
    """One installed plugin; every path absolute."""

    command: list[str] = field(default_factory=list)  # the bridge's program and its arguments
    connection_file: str = ""
    log: str = ""  # where a bridge that the plugin starts says what it does
    version: str = ""
    files: list[str] = field(default_factory=list)  # what belongs to it, relative to its root

    def text(self) -> str:
        """Return what is written into the file."""
        return json.dumps(asdict(self), indent=1)


def read_installation(package: Path = PACKAGE) -> Installation | None:
    """Return what the installer wrote into a bundle's package; None where nothing usable is."""
    try:
        with open(package / FILE, "rb") as file:
            found = json.loads(file.read(_MAX_BYTES))
        return Installation(
            _texts(found.get("command")),
            _text(found.get("connection_file")),
            _text(found.get("log")),
            _text(found.get("version")),
            _texts(found.get("files")),
        )
    except (OSError, ValueError, AttributeError):
        return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
