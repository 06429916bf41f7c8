"""A painter uses the window: paints, undoes, redoes, cancels, and undoes while it paints."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.environ["MAHLSTICK_OUT"]) + "/scenarios")

import hands
import stage
from gi.repository import Gimp
from painter import Desk


def scenario() -> dict[str, object]:
    desk = Desk()
    image = desk.image
    before = stage.flat(image)
    stage.keep("before.rgb", before)
    stage.keep("selection.gray", stage.pixels(image.get_selection(), "Y u8"))
    facts = desk.paint()
    painted = stage.flat(image)
    stage.keep("painted.rgb", painted)
    facts["layers"] = stage.names(image)
    facts["recipe"] = stage.recipe(image.get_layers()[0])
    facts["active"] = [layer.get_name() for layer in image.get_selected_layers()]
    desk.undo()
    facts["undone_equal"] = stage.flat(image) == before
    desk.redo()
    facts["redone_equal"] = stage.flat(image) == painted
    if "slow prompt" not in stage.ARGUMENTS:
        return facts
    desk.undo()
    desk.call(lambda: _cancel(desk))
    facts["layers_after_cancel"] = stage.names(image)
    facts["cancelled_equal"] = stage.flat(image) == before
    desk.call(lambda: _undo_while_painting(desk))
    facts["layers_after_undo"] = stage.names(image)
    facts["abandoned_equal"] = stage.flat(image) == before
    stage.fill(image, Gimp.RunMode.WITH_LAST_VALS)
    facts["layers_after_repeating"] = stage.names(image)
    return facts


def _cancel(desk: Desk) -> None:
    desk.begin(stage.ARGUMENTS["slow prompt"])
    hands.press("alt+a")
    hands.window(hands.IDLE)
    hands.photograph("cancelled")
    hands.press("Escape")


def _undo_while_painting(desk: Desk) -> None:
    desk.begin(stage.ARGUMENTS["slow prompt"])
    hands.focus(hands.IMAGE)
    hands.press("ctrl+z")
    hands.window(hands.IDLE)
    hands.photograph("undone-while-painting")
    hands.focus(hands.IDLE)
    hands.press("Escape")


stage.tell(scenario)
