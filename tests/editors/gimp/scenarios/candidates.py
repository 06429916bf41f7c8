"""A painter asks for three candidates, sees them form, and chooses the first afterwards."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.environ["MAHLSTICK_OUT"]) + "/scenarios")

import hands
import stage
from painter import Desk


def scenario() -> dict[str, object]:
    desk = Desk()
    before = stage.flat(desk.image)
    desk.call(lambda: _choose(desk))
    layer = desk.image.get_layers()[0]
    facts = {
        "layers": stage.names(desk.image),
        "recipe": stage.recipe(layer),
        "paint": stage.pixels(layer, "R'G'B' u8").hex(),
    }
    desk.undo()
    return {**facts, "undone_equal": stage.flat(desk.image) == before}


def _choose(desk: Desk) -> None:
    desk.arrange()
    desk.ask_for(stage.ARGUMENTS["prompt"], "3")
    hands.press("alt+p")
    hands.window(hands.BUSY)
    hands.window(hands.IDLE)
    best = hands.colour(desk.place)
    hands.photograph("the-best")
    hands.press("alt+1")
    hands.wait_for(lambda: hands.colour(desk.place) != best, "the first candidate")
    hands.photograph("the-first")
    hands.press("Escape")


stage.tell(scenario)
