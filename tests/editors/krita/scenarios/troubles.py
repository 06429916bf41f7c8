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
