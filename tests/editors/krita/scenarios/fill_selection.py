"""A painter selects some sky, types what should be there, clicks, watches, undoes and redoes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scene import idle, middle, open_panel, open_photograph, select_sky, state


def scenario(stage: Any) -> Iterator[None]:
    """Fill a selection once, with hand and mouse."""
    document = yield from open_photograph(stage)
    select_sky(stage, document)
    panel = yield from open_panel(stage, "Fill selection")
    before = state(stage, document)
    stage.save_pixels(document, "before.bgra")
    yield from stage.click(panel.prompt)
    yield from stage.type(stage.arguments["prompt"])
    model = stage.arguments.get("model")
    if model:
        panel.options.model.setCurrentText(model)
    panel.candidates.setValue(int(stage.arguments.get("candidates", "4")))
    yield from stage.click(panel.button)
    stage.facts["previews"] = yield from watch(stage, document, panel)
    stage.facts["status"] = panel.status.text()
    after = state(stage, document)
    stage.save_pixels(document, "after.bgra")
    yield from stage.rest(0.3)
    stage.picture_of_the_screen("filled.png")
    yield from stage.undo(document)
    undone = state(stage, document)
    stage.save_pixels(document, "undone.bgra")
    yield from stage.redo(document)
    redone = state(stage, document)
    stage.save_pixels(document, "redone.bgra")
    stage.facts.update(before=before, after=after, undone=undone, redone=redone)


def watch(stage: Any, document: Any, panel: Any) -> Iterator[None]:
    """Wait for the end; returns how many different previews the canvas has shown before it."""
    first = middle(document)
    seen: list[bytes] = []

    def ended() -> bool:
        now = middle(document)
        if now != first and now not in seen:
            seen.append(now)
            if len(seen) == 2:
                stage.picture_of_the_screen("preview.png")
        return not panel.busy

    yield from stage.until(lambda: panel.busy, "the painting has begun")
    yield from stage.until(ended, "the painting is done", 360)
    yield from idle(stage, panel)
    return len(seen)
