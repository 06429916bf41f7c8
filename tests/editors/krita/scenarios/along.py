"""Live mode and the masks: what would be painted is shown, and the document stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mahlstick_stage import QtWidgets
from scene import SKY, idle, open_panel, open_photograph, select_sky, settled, state


def scenario(stage: Any) -> Iterator[None]:
    """Paint along with a hand that works, keep what is shown, then look at the masks."""
    document = yield from open_photograph(stage)
    select_sky(stage, document)
    panel = yield from open_panel(stage, "Fill selection")
    stage.facts["before"] = state(stage, document)
    stage.save_pixels(document, "before.bgra")
    yield from live(stage, document, panel)
    yield from keep(stage, document, panel)
    yield from masks(stage, document, panel)


def live(stage: Any, document: Any, panel: Any) -> Iterator[None]:
    """Switch it on, change the picture and the prompt, rest and do not rest."""
    panel.strength.setValue(70)
    panel.prompt.setPlainText("live one")
    yield from stage.click(panel.controls.live)
    yield from shown(stage, panel, "the first picture is shown")
    stage.save_view(film(panel), "live.png")
    first = yield from finished(stage, panel)
    yield from stage.rest(1.2)
    stage.facts["unchanged_view"] = film(panel).view is first
    panel.prompt.setPlainText("live two")
    yield from other(stage, panel, first, "the new prompt is painted")
    second = yield from finished(stage, panel)
    yield from stage.press(panel)
    photograph = document.rootNode().childNodes()[0]
    photograph.setPixelData(bytes([30, 200, 90, 255]) * 1600, SKY[0], SKY[1], 40, 40)
    document.refreshProjection()
    yield from stage.rest(1.5)
    stage.facts["view_in_stroke"] = film(panel).view is second
    yield from stage.release()
    yield from other(stage, panel, second, "the new picture is painted")
    stage.facts["live"] = state(stage, document)
    yield from stage.rest(0.3)
    stage.picture_of_the_screen("live.png")
    stage.facts["version"] = [int(part) for part in stage.app.version().split(".")[:2]]
    stage.facts["where"] = where(stage, panel)
    stage.save_pixels(document, "live.bgra")


def where(stage: Any, panel: Any) -> dict[str, Any]:
    """Where the picture is shown, and the screen's colour in the middle of the selection there."""
    overlay = stage.widget("mahlstick_overlay")
    told: dict[str, Any] = {"panel": panel.view.isVisible(), "canvas": overlay is not None}
    if overlay is not None:
        left, top, width, height = SKY
        told["middle"] = stage.colour_at(
            overlay, overlay.transform_of_canvas().map(left + width // 2, top + height // 2)
        )
    return told


def keep(stage: Any, document: Any, panel: Any) -> Iterator[None]:
    """Keep what is shown: a layer, one undo step."""
    steps = stage.undo_place()
    yield from stage.until(panel.keep.isEnabled, "the picture is finished")
    yield from stage.click(panel.keep)
    yield from stage.until(lambda: stage.undo_place() > steps, "a layer is there")
    yield from stage.click(panel.controls.live)
    yield from idle(stage, panel)
    stage.facts["kept"] = state(stage, document)
    stage.facts["kept_steps"] = stage.undo_place() - steps
    stage.facts["live_is_off"] = not panel.controls.live.isChecked()
    stage.save_pixels(document, "kept.bgra")
    yield from stage.undo(document)


def masks(stage: Any, document: Any, panel: Any) -> Iterator[None]:
    """Look where paint would go, give the selection another edge, look again."""
    panel.strength.setValue(100)
    before = state(stage, document)
    yield from stage.click(panel.controls.masks)
    yield from stage.until(lambda: film(panel).isVisible(), "the masks are shown")
    first = film(panel).view
    panel.more.setChecked(True)
    panel.options.edges.lengths["grow"].number.setValue(40)
    panel.options.edges.lengths["context"].unit.setCurrentIndex(1)
    panel.options.edges.lengths["context"].number.setValue(150)
    yield from other(stage, panel, first, "other masks are shown")
    yield from settled(stage, panel)
    panel.more.setChecked(False)
    yield from stage.rest(0.3)
    stage.save_view(film(panel), "masks.png")
    stage.picture_of_the_screen("masks.png")
    stage.facts["masks_left"] = {**state(stage, document), "undo": before["undo"]} == before
    yield from stage.click(panel.controls.masks)
    yield from stage.until(lambda: not film(panel).isVisible(), "they are shown no more")


def finished(stage: Any, panel: Any) -> Iterator[None]:
    """Wait until what is shown is finished; returns it."""
    yield from stage.until(panel.keep.isEnabled, "the picture is finished")
    view = None
    while film(panel).view is not view:  # it is still being developed
        view = film(panel).view
        yield from stage.rest(1.0)
    return view


def shown(stage: Any, panel: Any, what: str) -> Iterator[None]:
    """Wait until the panel shows a picture."""
    yield from stage.until(lambda: film(panel).view is not None and film(panel).isVisible(), what)


def other(stage: Any, panel: Any, view: Any, what: str) -> Iterator[None]:
    """Wait until the panel shows another picture than this."""

    def is_other() -> bool:  # not by its pixels: another job may have painted the same
        now = film(panel).view
        return now is not None and now is not view

    yield from stage.until(is_other, what)


def film(panel: Any) -> Any:
    """What shows what would be painted: the canvas from Krita 5.2 on, the panel before."""
    widgets = QtWidgets.QApplication.allWidgets()
    overlays = (w for w in widgets if w.objectName() == "mahlstick_overlay" and w.isVisible())
    return next(overlays, panel.view)
