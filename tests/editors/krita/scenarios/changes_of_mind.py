"""A painter cancels, undoes while it paints, goes on working meanwhile, keeps early, chooses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scene import idle, middle, open_panel, open_photograph, paint, select_sky, settled, state


def scenario(stage: Any) -> Iterator[None]:
    """One document, one painting after the other; each part leaves a fact of its name."""
    document = yield from open_photograph(stage)
    select_sky(stage, document)
    panel = yield from open_panel(stage, "Fill selection")
    stage.facts["before"] = state(stage, document)
    stage.save_pixels(document, "before.bgra")
    yield from cancel(stage, document, panel)
    yield from undo(stage, document, panel)
    yield from work_meanwhile(stage, document, panel)
    yield from keep(stage, document, panel)
    yield from choose(stage, document, panel)


def cancel(stage: Any, document: Any, panel: Any) -> Iterator[None]:
    """The painter clicks Cancel."""
    yield from paint(stage, panel, "cancel")
    yield from stage.click(panel.cancel)
    yield from idle(stage, panel)
    stage.facts["cancelled"] = state(stage, document)
    stage.facts["cancelled_status"] = panel.status.text()
    stage.save_pixels(document, "cancelled.bgra")


def undo(stage: Any, document: Any, panel: Any) -> Iterator[None]:
    """The painter presses Ctrl+Z while it paints."""
    yield from paint(stage, panel, "undo")
    yield from stage.undo(document)
    yield from idle(stage, panel)
    stage.facts["undone"] = state(stage, document)
    stage.save_pixels(document, "undone.bgra")


def work_meanwhile(stage: Any, document: Any, panel: Any) -> Iterator[None]:
    """The painter adds a layer of their own while it paints, then cancels."""
    yield from paint(stage, panel, "work")
    own = document.createNode("My own", "paintlayer")
    document.rootNode().addChildNode(own, None)
    yield from stage.rest(0.3)
    yield from stage.click(panel.cancel)
    yield from idle(stage, panel)
    stage.facts["worked"] = state(stage, document)
    stage.save_pixels(document, "worked.bgra")


def keep(stage: Any, document: Any, panel: Any) -> Iterator[None]:
    """The painter likes what is there and keeps it."""
    entries = len(stage.undo_texts())
    yield from paint(stage, panel, "keep")
    yield from stage.click(panel.keep)
    yield from idle(stage, panel)
    stage.facts["kept"] = state(stage, document)
    stage.facts["kept_entries"] = len(stage.undo_texts()) - entries


def choose(stage: Any, document: Any, panel: Any) -> Iterator[None]:
    """The painter looks at the candidates on the canvas, works on one, and looks at another."""
    yield from paint(stage, panel, "choose")
    yield from idle(stage, panel)
    entries = len(stage.undo_texts())
    looks: list[str] = []
    for candidate in (0, 1, 2):
        panel.gallery.show_candidate(candidate)
        yield from settled(stage, panel)
        looks.append(middle(document).hex())
    stage.facts["looks"] = len(set(looks))
    stage.facts["chosen"] = state(stage, document)
    stage.facts["chosen_entries"] = len(stage.undo_texts()) - entries
    layer = document.rootNode().childNodes()[-1]
    layer.setPixelData(bytes([1, 2, 3, 255]) * 4, 100, 60, 2, 2)
    panel.gallery.show_candidate(3)
    yield from settled(stage, panel)
    stage.facts["own_stroke"] = list(bytes(layer.pixelData(100, 60, 1, 1)))
    stage.facts["after_own_stroke"] = state(stage, document)
    stage.picture_of_the_screen("chosen.png")
