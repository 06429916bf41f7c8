"""The bridge is killed while it paints and started anew: the painter does nothing but wait."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

from scene import idle, open_panel, open_photograph, paint, select_sky, state


def scenario(stage: Any) -> Iterator[None]:
    """Click once, lose the bridge at the first preview, get the painting nevertheless."""
    document = yield from open_photograph(stage)
    select_sky(stage, document)
    panel = yield from open_panel(stage, "Fill selection")
    stage.facts["before"] = state(stage, document)
    stage.save_pixels(document, "before.bgra")
    panel.candidates.setValue(2)
    panel.options.steps.setValue(16)
    yield from paint(stage, panel, "a full moon")
    os.kill(int(stage.arguments["pid"]), signal.SIGKILL)
    yield from stage.until(lambda: not panel.online, "the loss is noticed")
    stage.facts["lost_busy"] = panel.busy
    # Krita may let its event loop run between the panel's hearing of it and telling it.
    yield from stage.until(
        lambda: panel.online or "connection" in panel.status.text(), "the loss is told"
    )
    stage.facts["lost_status"] = panel.status.text()
    stage.facts["lost"] = state(stage, document)
    stage.picture_of_the_screen("lost.png")
    yield from stage.until(lambda: panel.online, "the new bridge is found")
    stage.facts["found_busy"] = panel.busy
    yield from stage.until(lambda: not panel.busy, "the painting is done", 360)
    yield from idle(stage, panel)
    stage.facts["status"] = panel.status.text()
    stage.facts["after"] = state(stage, document)
    stage.save_pixels(document, "after.bgra")
    stage.picture_of_the_screen("painted.png")
    yield from stage.undo(document)
    stage.facts["undone"] = state(stage, document)
    stage.save_pixels(document, "undone.bgra")
