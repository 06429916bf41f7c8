"""A painter uses the window: paints, undoes, redoes, cancels, and undoes while it paints."""

from __future__ import annotations

import hands
import stage
from gi.repository import Gimp
from painter import Desk

SLOW = "a slow moon"


def scene(desk: Desk) -> dict[str, object]:
    """With a bridge that takes its time."""
    stage.connect("scripted")
    image, before = desk.image, stage.flat(desk.image)
    facts = _painted(desk, "window", "a full moon")
    desk.undo()
    desk.call(lambda: _cancel(desk))
    facts["layers_after_cancel"] = stage.names(image)
    facts["cancelled_equal"] = stage.flat(image) == before
    facts["steps_after_cancel"] = _undo_steps(desk)
    desk.call(lambda: _undo_while_painting(desk))
    facts["layers_after_undo"] = stage.names(image)
    facts["abandoned_equal"] = stage.flat(image) == before
    stage.fill(image, Gimp.RunMode.WITH_LAST_VALS)
    facts["layers_after_repeating"] = stage.names(image)
    desk.undo()
    return facts


def embedded(desk: Desk) -> dict[str, object]:
    """With the real bridge and its own model."""
    stage.connect("real")
    facts = _painted(desk, "embedded", "a full moon")
    desk.undo()
    stage.connect("scripted")
    return facts


def candidates(desk: Desk) -> dict[str, object]:
    """He asks for three candidates, sees them form, and chooses the first afterwards."""
    stage.connect("scripted")
    before = stage.flat(desk.image)
    desk.call(lambda: _choose(desk))
    layer = desk.image.get_layers()[0]
    facts: dict[str, object] = {
        "layers": stage.names(desk.image),
        "recipe": stage.recipe(layer),
        "paint": stage.pixels(layer, "R'G'B' u8").hex(),
    }
    desk.undo()
    return {**facts, "undone_equal": stage.flat(desk.image) == before}


def _painted(desk: Desk, name: str, prompt: str) -> dict[str, object]:
    image, before = desk.image, stage.flat(desk.image)
    stage.keep(f"{name}-before.rgb", before)
    stage.keep(f"{name}-selection.gray", stage.pixels(image.get_selection(), "Y u8"))
    facts = desk.paint(name, prompt)
    painted = stage.flat(image)
    stage.keep(f"{name}-after.rgb", painted)
    facts["layers"] = stage.names(image)
    facts["recipe"] = stage.recipe(image.get_layers()[0])
    facts["active"] = [layer.get_name() for layer in image.get_selected_layers()]
    desk.undo()
    facts["undone_equal"] = stage.flat(image) == before
    desk.redo()
    facts["redone_equal"] = stage.flat(image) == painted
    return facts


def _undo_steps(desk: Desk) -> int:
    """How often he must press Ctrl+Z until what he did before the cancelled painting is undone."""
    for steps in range(1, 4):
        hands.focus(hands.IMAGE)
        hands.press("ctrl+z")
        if desk.comes(lambda: not _is_selected(desk)):
            hands.press("ctrl+y")
            hands.wait_for(lambda: _is_selected(desk), "the selection again")
            return steps
        if len(desk.image.get_layers()) > 1:
            return -1  # the paint that he cancelled came back
    return 0


def _is_selected(desk: Desk) -> bool:
    return bool(Gimp.Selection.bounds(desk.image)[1])


def _cancel(desk: Desk) -> None:
    desk.begin(SLOW)
    hands.press("alt+a")
    hands.window(hands.IDLE)
    hands.photograph("window-cancelled")
    hands.press("Escape")


def _undo_while_painting(desk: Desk) -> None:
    desk.begin(SLOW)
    hands.focus(hands.IMAGE)
    hands.press("ctrl+z")
    hands.window(hands.IDLE)
    hands.photograph("window-undone-while-painting")
    hands.focus(hands.IDLE)
    hands.press("Escape")


def _choose(desk: Desk) -> None:
    desk.arrange()
    desk.ask_for("moons", "3")
    hands.press("alt+p")
    hands.window(hands.BUSY)
    hands.window(hands.IDLE)
    best = hands.colour(desk.place)
    hands.photograph("candidates-the-best")
    hands.press("alt+1")
    hands.wait_for(lambda: hands.colour(desk.place) != best, "the first candidate")
    hands.photograph("candidates-the-first")
    hands.press("Escape")
