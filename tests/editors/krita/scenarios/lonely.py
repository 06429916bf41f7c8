"""Krita without a bridge, then with one that starts late; live shortcuts and menu entries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scene import open_photograph, select_sky, state


def scenario(stage: Any) -> Iterator[None]:
    """Ask in vain, read why, then see the bridge come."""
    document = yield from open_photograph(stage)
    select_sky(stage, document)
    panel = next(d for d in stage.app.dockers() if d.objectName() == "mahlstick_docker")
    panel.show()
    yield from stage.rest(0.5)
    before = state(stage, document)
    stage.app.action("mahlstick_paint").trigger()
    yield from stage.rest(0.2)
    stage.facts["status"] = panel.status.text()
    stage.facts["unchanged"] = state(stage, document) == before
    ours = [
        action for action in stage.app.actions() if action.objectName().startswith("mahlstick_")
    ]
    stage.facts["actions"] = {action.objectName(): action.text() for action in ours}
    stage.picture_of_the_screen("lonely.png")
    Path(stage.arguments["late"]).rename(stage.arguments["file"])
    yield from stage.until(lambda: panel.online, "the bridge is found")
    yield from stage.rest(0.2)
    stage.facts["status_online"] = panel.status.text()
    stage.facts["shortcut"] = stage.app.action("mahlstick_paint").shortcut().toString()
    yield from stage.click(panel.prompt)
    yield from stage.xdotool("key", "ctrl+Return")
    done = "what Ctrl+Return began is done"
    yield from stage.until(lambda: panel.status.text().startswith("Done"), done)
