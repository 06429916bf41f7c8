"""A painter selects a part of the sky, types what should be there, clicks, watches, undoes, redoes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from krita import Selection


def scenario(stage: Any) -> Iterator[None]:
    """Fill a selection once, with hand and mouse."""
    document = yield from open_photograph(stage)
    panel = yield from select_sky(stage, document)
    before = state(stage, document)
    stage.save_pixels(document, "before.bgra")
    yield from stage.click(panel.prompt)
    yield from stage.type(stage.arguments["prompt"])
    stage.facts["label"] = panel.button.text()
    yield from stage.click(panel.button)
    stage.facts["previews"] = yield from watch(stage, document, panel)
    stage.facts["status"] = panel.status.text()
    after = state(stage, document)
    stage.save_pixels(document, "after.bgra")
    yield from stage.rest(0.3)
    stage.picture_of_the_screen("filled.png")
    stage.app.action("edit_undo").trigger()
    document.waitForDone()
    undone = state(stage, document)
    stage.save_pixels(document, "undone.bgra")
    yield from stage.rest(0.2)
    stage.app.action("edit_redo").trigger()
    document.waitForDone()
    redone = state(stage, document)
    stage.save_pixels(document, "redone.bgra")
    stage.facts.update(before=before, after=after, undone=undone, redone=redone)


def open_photograph(stage: Any) -> Iterator[None]:
    """The photograph in a document of its own, in a window as large as the screen."""
    size = int(stage.arguments["width"]), int(stage.arguments["height"])
    document = yield from stage.open(*size, Path(stage.arguments["pixels"]).read_bytes())
    stage.window.move(0, 0)
    stage.window.resize(1600, 1000)
    document.rootNode().childNodes()[0].setName("Photograph")
    yield from stage.rest(0.2)
    return document


def select_sky(stage: Any, document: Any) -> Iterator[None]:
    """A soft selection in the sky, and our panel open and ready to fill it; returns the panel."""
    left, top, width, height = (int(v) for v in stage.arguments["selection"].split(","))
    selection = Selection()
    selection.select(left, top, width, height, 255)
    selection.feather(4)
    document.setSelection(selection)
    mask = selection.pixelData(0, 0, document.width(), document.height())
    (stage.out / "selection.gray").write_bytes(bytes(mask))
    panel = next(d for d in stage.app.dockers() if d.objectName() == "mahlstick_docker")
    panel.show()
    panel.raise_()
    yield from stage.until(lambda: panel.online, "the panel has found the bridge")
    yield from stage.until(
        lambda: "election" in panel.button.text(), "the button says what it does"
    )
    yield from stage.rest(0.2)
    return panel


def watch(stage: Any, document: Any, panel: Any) -> Iterator[None]:
    """Wait for the end; returns how many different previews the canvas has shown before it."""
    left, top, width, height = (int(v) for v in stage.arguments["selection"].split(","))
    center = (left + width // 3, top + height // 3, 16, 16)
    first = bytes(document.pixelData(*center))
    seen: list[bytes] = []

    def ended() -> bool:
        now = bytes(document.pixelData(*center))
        if not panel.busy and seen:
            return True
        if now != first and now not in seen:
            seen.append(now)
            if len(seen) == 2:
                stage.picture_of_the_screen("preview.png")
        return False

    yield from stage.until(ended, "the painting is done", 60)
    return len(seen)


def state(stage: Any, document: Any) -> dict[str, Any]:
    """What a painter can see of a document but its pixels."""
    document.waitForDone()
    chosen = document.selection()
    nodes = [n for n in document.rootNode().childNodes() if n.type() == "paintlayer"]
    return {
        "layers": [n.name() for n in nodes],
        "locked": [n.locked() for n in nodes],
        "active": document.activeNode().name() if document.activeNode() else None,
        "selection": [chosen.x(), chosen.y(), chosen.width(), chosen.height()],
        "undo": stage.undo_texts(),
        "modified": document.modified(),
    }
