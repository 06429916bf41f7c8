"""One of everything in one Krita: its undo steps are counted, and it is taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from krita import Selection
from scene import SKY, idle, open_panel, open_photograph, select_sky, state


def scenario(stage: Any) -> Iterator[None]:
    """Paint in every way the panel offers, one after the other, on one document."""
    document = yield from open_photograph(stage)
    select_sky(stage, document)
    panel = yield from open_panel(stage, "Fill selection")
    panel.candidates.setValue(3)
    stage.save_pixels(document, "before.bgra")
    stage.facts["before"] = state(stage, document)
    ways: dict[str, Callable[[], None]] = {
        "fill": lambda: None,
        "refine": lambda: panel.strength.setValue(60),
        "vary": lambda: panel.controls.choose("vary"),
        "group": lambda: aim(panel, "group"),
        "replace": lambda: aim(panel, "replace"),
    }
    for name, prepare in ways.items():
        prepare()
        yield from operation(stage, document, panel, name)
        aim(panel, "layer")
        panel.controls.choose("")
        panel.strength.setValue(100)
    yield from vary_candidate(stage, document, panel)
    deselect(document)
    for name, choice in (("generate", "generate"), ("upscale", "upscale"), ("expand", "expand")):
        panel.controls.choose(choice)
        yield from operation(stage, document, panel, name)
    panel.controls.choose("")
    yield from new_document(stage, document, panel)
    yield from holes(stage, document, panel)
    yield from drawn_wider(stage, document, panel)


def aim(panel: Any, target: str) -> None:
    """Choose where the result goes."""
    panel.options.target.setCurrentIndex(panel.options.target.findData(target))


def deselect(document: Any) -> None:
    """Select nothing."""
    document.setSelection(None)


def run(stage: Any, panel: Any, prompt: str) -> Iterator[None]:
    """Paint until the result is on the canvas."""
    panel.prompt.setPlainText(prompt)
    stage.app.action("mahlstick_paint").trigger()
    yield from stage.until(lambda: panel.busy or panel.status.text(), f"{prompt} has begun")
    yield from idle(stage, panel)
    stage.facts[f"{prompt}_status"] = panel.status.text()


def operation(stage: Any, document: Any, panel: Any, name: str) -> Iterator[None]:
    """Paint once, count the undo steps, save what it looks like, and take it back."""
    document.setActiveNode(document.rootNode().childNodes()[0])
    yield from stage.until(
        lambda: document.activeNode() and document.activeNode().name() == "Photograph",
        "the photograph is the active layer",
    )
    steps = stage.undo_place()
    yield from run(stage, panel, name)
    stage.facts[f"{name}_label"] = panel.button.text()
    stage.facts[f"{name}_steps"] = stage.undo_place() - steps
    stage.facts[f"{name}_after"] = state(stage, document)
    stage.facts[f"{name}_size"] = [document.width(), document.height()]
    stage.save_pixels(document, f"{name}.bgra")
    if name == "group":
        yield from stage.rest(0.3)
        stage.picture_of_the_screen("group.png")
        looks = set()
        for candidate in (0, 1, 2):
            panel.gallery.show_candidate(candidate)
            yield from idle(stage, panel)
            document.waitForDone()
            looks.add(bytes(document.pixelData(SKY[0] + 90, SKY[1] + 90, 8, 8)))
        stage.facts["group_looks"] = len(looks)
        stage.facts["group_steps_afterwards"] = stage.undo_place() - steps
    stage.app.action("mahlstick_undo").trigger()
    yield from idle(stage, panel)
    stage.facts[f"{name}_undone"] = state(stage, document)
    stage.facts[f"{name}_undone_size"] = [document.width(), document.height()]
    stage.save_pixels(document, f"{name}-undone.bgra")


def vary_candidate(stage: Any, document: Any, panel: Any) -> Iterator[None]:
    """Fill, then paint variations of the candidate: they land where it did."""
    yield from run(stage, panel, "first")
    steps = stage.undo_place()
    panel.controls.vary.click()
    yield from idle(stage, panel)
    stage.facts["vary_candidate_steps"] = stage.undo_place() - steps
    stage.save_pixels(document, "vary_candidate.bgra")
    for _ in range(2):
        yield from stage.undo(document)


def new_document(stage: Any, document: Any, panel: Any) -> Iterator[None]:
    """The result goes to a document of its own; the old one is not touched."""
    select_sky(stage, document)
    aim(panel, "document")
    steps = stage.undo_place()
    yield from run(stage, panel, "elsewhere")
    made = next(d for d in stage.app.documents() if d != document)
    stage.facts["elsewhere_size"] = [made.width(), made.height()]
    stage.facts["elsewhere_layers"] = [n.name() for n in made.rootNode().childNodes()]
    stage.save_pixels(made, "elsewhere.bgra")
    made.setModified(False)
    made.close()
    yield from stage.until(lambda: stage.app.activeDocument() == document, "the first is in front")
    yield from stage.rest(0.3)
    stage.facts["elsewhere_steps"] = stage.undo_place() - steps
    aim(panel, "layer")


def holes(stage: Any, document: Any, panel: Any) -> Iterator[None]:
    """An eraser has made a hole; without a selection it is what is filled."""
    deselect(document)
    layer = document.rootNode().childNodes()[0]
    layer.setPixelData(bytes(4 * 120 * 90), 300, 200, 120, 90)
    document.refreshProjection()
    stage.save_pixels(document, "holes-before.bgra")
    yield from stage.until(lambda: panel.button.text() == "Fill transparent", "the hole is seen")
    steps = stage.undo_place()
    yield from run(stage, panel, "holes")
    stage.facts["holes_steps"] = stage.undo_place() - steps
    stage.save_pixels(document, "holes.bgra")
    stage.app.action("mahlstick_undo").trigger()
    yield from idle(stage, panel)


def drawn_wider(stage: Any, document: Any, panel: Any) -> Iterator[None]:
    """The painter draws the canvas wider and selects the empty part."""
    document.resizeImage(0, 0, 1100, 640)
    document.waitForDone()
    selection = Selection()
    selection.select(960, 0, 140, 640, 255)
    document.setSelection(selection)
    stage.save_pixels(document, "wider-before.bgra")
    yield from stage.until(lambda: panel.button.text() == "Fill selection", "it is selected")
    steps = stage.undo_place()
    yield from run(stage, panel, "wider")
    stage.facts["wider_steps"] = stage.undo_place() - steps
    stage.save_pixels(document, "wider.bgra")
