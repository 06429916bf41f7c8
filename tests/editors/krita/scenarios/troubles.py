"""What goes wrong while it paints: the job, the connection, the document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scene import idle, open_panel, open_photograph, paint, select_sky, state


def scenario(stage: Any) -> Iterator[None]:
    """One trouble after the other; Krita has to survive them all."""
    document = yield from open_photograph(stage)
    select_sky(stage, document)
    panel = yield from open_panel(stage, "Fill selection")
    stage.facts["before"] = state(stage, document)
    stage.save_pixels(document, "before.bgra")
    panel.prompt.setPlainText("refuse")
    stage.app.action("mahlstick_paint").trigger()
    yield from idle(stage, panel)
    stage.facts["refused"] = state(stage, document)
    yield from paint(stage, panel, "fail")
    yield from idle(stage, panel)
    stage.facts["failed"] = state(stage, document)
    stage.facts["failed_status"] = panel.status.text()
    stage.save_pixels(document, "failed.bgra")
    stage.picture_of_the_screen("failed.png")
    yield from paint(stage, panel, "vanish")
    yield from stage.until(lambda: not panel.online, "the bridge has vanished")
    stage.facts["vanished_status"] = panel.status.text()
    yield from stage.click(panel.cancel)
    yield from idle(stage, panel)
    stage.facts["vanished"] = state(stage, document)
    stage.save_pixels(document, "vanished.bgra")
    yield from stage.until(lambda: panel.online, "the bridge is found again")
    yield from paint(stage, panel, "close")
    document.setModified(False)
    document.close()
    yield from idle(stage, panel)
    stage.facts["open"] = len(stage.app.documents())
    stage.app.action("mahlstick_paint").trigger()
    yield from stage.rest(0.2)
    stage.facts["without_document"] = panel.status.text()
    document = yield from two_documents(stage, panel)
    yield from without_the_panel(stage, document, panel)


def two_documents(stage: Any, panel: Any) -> Iterator[None]:
    """While one document is painted on, another one comes to the front; returns the first."""
    first = yield from open_photograph(stage)
    select_sky(stage, first)
    yield from stage.until(lambda: panel.button.text() == "Fill selection", "the label fits")
    stage.save_pixels(first, "first.bgra")
    yield from paint(stage, panel, "two")
    second = yield from stage.open(64, 48, bytes([10, 20, 30, 255]) * 64 * 48)
    yield from idle(stage, panel)
    stage.facts["first"] = state(stage, first)["layers"]
    stage.facts["second"] = state(stage, second)["layers"]
    stage.facts["second_entries"] = stage.undo_place()
    stage.save_pixels(second, "second.bgra")
    stage.app.action("mahlstick_undo").trigger()
    yield from idle(stage, panel)
    stage.facts["first_undone"] = state(stage, first)["layers"]
    stage.facts["second_undone"] = state(stage, second)["layers"]
    stage.save_pixels(first, "first-undone.bgra")
    second.setModified(False)
    second.close()
    yield from stage.until(lambda: stage.app.activeDocument() == first, "the first is in front")
    yield from stage.rest(0.3)
    return first


def without_the_panel(stage: Any, document: Any, panel: Any) -> Iterator[None]:
    """The panel goes away while it paints, as it does when the plugin is switched off."""
    yield from paint(stage, panel, "gone")
    stage.app.writeSetting("python", "enable_mahlstick", "false")
    panel.close()
    panel.setParent(None)
    panel.deleteLater()
    nodes = document.rootNode().childNodes
    yield from stage.until(
        lambda: any(node.name() == "gone [4714]" for node in nodes()), "the result is there"
    )
    yield from stage.rest(0.5)
    stage.facts["gone"] = state(stage, document)["layers"]
