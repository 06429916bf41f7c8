"""What the scenarios have in common: the picture, the selection, the panel, what a painter sees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from krita import Selection

IN_THE_WAY = ("PresetDocker", "ColorSelectorNg")
SKY = (90, 50, 256, 220)  # left, top, width, height


def open_photograph(stage: Any) -> Iterator[None]:
    """The photograph in a document of its own, in a window as large as the screen."""
    size = int(stage.arguments["width"]), int(stage.arguments["height"])
    document = yield from stage.open(*size, Path(stage.arguments["pixels"]).read_bytes())
    stage.window.move(0, 0)
    stage.window.resize(1600, 1000)
    document.rootNode().childNodes()[0].setName("Photograph")
    yield from stage.rest(0.2)
    return document


def select_sky(stage: Any, document: Any) -> None:
    """Select a part of the sky, with a soft edge."""
    selection = Selection()
    selection.select(*SKY, 255)
    selection.feather(4)
    document.setSelection(selection)
    mask = selection.pixelData(0, 0, document.width(), document.height())
    (stage.out / "selection.gray").write_bytes(bytes(mask))


def open_panel(stage: Any, label: str) -> Iterator[None]:
    """Our panel, in sight and connected, its button saying `label`."""
    panel = next(d for d in stage.app.dockers() if d.objectName() == "mahlstick_docker")
    for dock in stage.app.dockers():
        if dock.objectName() in IN_THE_WAY:
            dock.hide()
    panel.show()
    panel.raise_()
    yield from stage.until(lambda: panel.online, "the panel has found the bridge")
    yield from stage.until(lambda: panel.button.text() == label, f"the button says {label}")
    yield from stage.rest(0.2)
    return panel


def paint(stage: Any, panel: Any, prompt: str) -> Iterator[None]:
    """Begin a painting by the action, and wait until the canvas shows the first of it."""
    panel.prompt.setPlainText(prompt)
    document = stage.app.activeDocument()
    before = middle(document)
    stage.app.action("mahlstick_paint").trigger()
    yield from stage.until(lambda: panel.busy, f"{prompt} has begun")
    yield from stage.until(lambda: middle(document) != before, f"{prompt} is on the canvas")


def idle(stage: Any, panel: Any) -> Iterator[None]:
    """Wait until nothing is being painted, and what was is on the canvas."""
    yield from stage.until(lambda: not panel.busy, "the painting is over")
    yield from settled(stage, panel)


def settled(stage: Any, panel: Any) -> Iterator[None]:
    """Wait until our plugin has nothing left to do and Krita has carried it out."""
    yield from stage.until(lambda: panel.settled, "nothing is left to be done")
    yield from stage.rest(0.2)


def middle(document: Any) -> bytes:
    """A few pixels of the merged picture within the selection."""
    left, top, width, height = SKY
    return bytes(document.pixelData(left + width // 3, top + height // 3, 16, 16))


def state(stage: Any, document: Any) -> dict[str, Any]:
    """What a painter can see of a document but its pixels."""
    document.waitForDone()
    chosen = document.selection()
    nodes = [n for n in document.rootNode().childNodes() if n.type() == "paintlayer"]
    return {
        "layers": [n.name() for n in nodes],
        "locked": [n.locked() for n in nodes],
        "active": document.activeNode().name() if document.activeNode() else None,
        "selection": [chosen.x(), chosen.y(), chosen.width(), chosen.height()] if chosen else None,
        "undo": stage.undo_texts(),
        "can_undo": stage.can_undo(),
        "modified": document.modified(),
    }
