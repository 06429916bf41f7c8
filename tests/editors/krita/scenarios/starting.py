"""Krita with no bridge, and a painter who clicks "Start Mahlstick"."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from krita import Krita
from scene import open_photograph


def scenario(stage: Any) -> Iterator[None]:
    """Click in vain, for nothing is installed; then with the program where installers put it."""
    yield from open_photograph(stage)
    panel = next(d for d in stage.app.dockers() if d.objectName() == "mahlstick_docker")
    panel.show()
    panel.raise_()
    row = panel.starting
    yield from stage.until(row.button.isVisible, "the button is offered")
    yield from stage.rest(0.3)
    yield from stage.click(row.button)
    yield from stage.until(lambda: row.note.text(), "it says what is missing")
    stage.facts["missing"] = row.note.text()
    stage.picture_of_the_screen("missing.png")
    program = Path.home() / ".local" / "bin" / "mahlstick"
    program.parent.mkdir(parents=True)
    program.write_text(stage.arguments["program"])
    program.chmod(0o755)
    yield from stage.click(row.button)
    stage.facts["starting"] = row.note.text()
    yield from stage.until(lambda: panel.online, "the bridge is there", 120.0)
    yield from stage.until(lambda: not row.isVisible(), "the button is gone")
    stage.facts["krita"] = Krita.instance().version()
    stage.picture_of_the_screen("started.png")
