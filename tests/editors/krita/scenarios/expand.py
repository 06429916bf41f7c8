"""A painter expands the canvas, changes their mind, expands it again, and undoes that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scene import idle, open_panel, open_photograph, settled, state


def scenario(stage: Any) -> Iterator[None]:
    """Expand twice: the first time the painter changes their mind."""
    document = yield from open_photograph(stage)
    panel = yield from open_panel(stage, "Generate")
    before = state(stage, document)
    stage.save_pixels(document, "before.bgra")
    yield from begin(stage, panel, "cancel")
    yield from stage.until(lambda: panel.gallery.count() > 0, "the painting forms")
    yield from stage.rest(0.3)
    stage.facts["while"] = [document.width(), document.height()]
    stage.picture_of_the_screen("expanding.png")
    yield from stage.click(panel.cancel)
    yield from idle(stage, panel)
    stage.facts["cancelled"] = state(stage, document)
    stage.save_pixels(document, "cancelled.bgra")
    yield from begin(stage, panel, stage.arguments["prompt"])
    yield from idle(stage, panel)
    stage.facts["status"] = panel.status.text()
    stage.facts["after"] = state(stage, document)
    stage.facts["size"] = [document.width(), document.height()]
    stage.save_pixels(document, "after.bgra")
    yield from stage.rest(0.3)
    stage.picture_of_the_screen("expanded.png")
    remembered = [len(panel.records_of_document())]
    stage.app.action("mahlstick_undo").trigger()
    yield from settled(stage, panel)
    stage.facts["remembered"] = [*remembered, len(panel.records_of_document())]
    stage.facts["undone"] = state(stage, document)
    stage.save_pixels(document, "undone.bgra")
    yield from stage.redo(document)
    yield from stage.redo(document)
    stage.facts["redone"] = state(stage, document)
    stage.save_pixels(document, "redone.bgra")
    stage.facts["before"] = before


def begin(stage: Any, panel: Any, prompt: str) -> Iterator[None]:
    """Say where the canvas grows, and start."""
    panel.more.setChecked(True)
    panel.options.sides["right"].setValue(320)
    panel.options.sides["bottom"].setValue(160)
    yield from stage.rest(0.1)
    stage.facts["label"] = panel.button.text()
    panel.prompt.setPlainText(prompt)
    stage.app.action("mahlstick_paint").trigger()
    yield from stage.until(lambda: panel.busy, f"{prompt} has begun")
    stage.facts["label_afterwards"] = panel.button.text()
