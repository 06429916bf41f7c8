"""A painter uses the window: paints, undoes, redoes, cancels, and undoes while it paints."""

import os
import sys
import time
from collections.abc import Callable
from typing import Any

sys.path.insert(0, os.path.dirname(os.environ["MAHLSTICK_OUT"]) + "/scenarios")

import hands
import stage
from gi.repository import Gegl, Gimp

BOX = (560, 60, 180, 150)
MARK = 40


class Scenario:
    def __init__(self) -> None:
        self.image = stage.load(stage.ARGUMENTS["picture"])
        self._draw_mark()
        self.image.undo_enable()  # GIMP hands loaded images out without
        self.image.select_ellipse(Gimp.ChannelOps.REPLACE, *BOX)
        self.display = Gimp.Display.new(self.image)
        self.place = (0, 0)
        self.seen: list[tuple[int, int, int]] = []
        self.facts: dict[str, object] = {}

    def play(self) -> dict[str, object]:
        before = stage.flat(self.image)
        stage.keep("before.rgb", before)
        stage.keep("selection.gray", stage.pixels(self.image.get_selection(), "Y u8"))
        self.paint()
        painted = stage.flat(self.image)
        stage.keep("painted.rgb", painted)
        self.facts["layers"] = stage.names(self.image)
        self.facts["recipe"] = stage.recipe(self.image.get_layers()[0])
        self.facts["active"] = [layer.get_name() for layer in self.image.get_selected_layers()]
        self.undo()
        self.facts["undone_equal"] = stage.flat(self.image) == before
        self.redo()
        self.facts["redone_equal"] = stage.flat(self.image) == painted
        self.undo()
        self.call(self._hands_that_cancel)
        self.facts["layers_after_cancel"] = stage.names(self.image)
        self.facts["cancelled_equal"] = stage.flat(self.image) == before
        self.call(self._hands_that_undo)
        self.facts["layers_after_undo"] = stage.names(self.image)
        self.facts["abandoned_equal"] = stage.flat(self.image) == before
        self.facts["colours_seen"] = self.seen
        return self.facts

    def paint(self) -> None:
        answer = self.call(self._hands_that_paint)
        self.facts["status"] = answer.index(0).value_nick
        self.facts["message"] = Gimp.get_pdb().get_last_error()

    def call(self, play: Callable[[], None]) -> Any:
        helper = hands.Hands(play)
        answer = stage.fill(self.image, Gimp.RunMode.INTERACTIVE)
        helper.finish()
        return answer

    def undo(self) -> None:
        self._shortcut("ctrl+z", 1)

    def redo(self) -> None:
        self._shortcut("ctrl+y", 2)

    def _shortcut(self, keys: str, layers: int) -> None:
        hands.focus(hands.IMAGE)
        hands.press(keys)
        hands.wait_for(lambda: len(self.image.get_layers()) == layers, f"{layers} layers")

    def _hands_that_paint(self) -> None:
        hands.place(hands.IMAGE, 0, 0, (1150, 960))
        hands.place(hands.IDLE, 1180, 40)
        hands.wait_for(lambda: hands.mark() != (0, 0), "the picture on the screen")
        self.place = hands.mark()
        hands.focus(hands.IDLE)
        hands.type_text(stage.ARGUMENTS["prompt"])
        hands.photograph("typed")
        hands.press("Return")
        hands.window(hands.BUSY)
        while not hands.is_open(hands.IDLE):
            for _ in range(20):  # asking for windows takes longer than a preview stays
                self._look()
        hands.photograph("painted")
        hands.press("Escape")

    def _look(self) -> None:
        now = hands.colour(self.place)
        if now not in self.seen:
            self.seen.append(now)
            hands.photograph(f"seen-{len(self.seen)}")
        time.sleep(0.02)

    def _hands_that_cancel(self) -> None:
        self._begin()
        hands.press("alt+a")
        hands.window(hands.IDLE)
        hands.photograph("cancelled")
        hands.press("Escape")

    def _hands_that_undo(self) -> None:
        self._begin()
        hands.focus(hands.IMAGE)
        hands.press("ctrl+z")
        hands.window(hands.IDLE)
        hands.photograph("undone-while-painting")
        hands.focus(hands.IDLE)
        hands.press("Escape")

    def _begin(self) -> None:
        hands.place(hands.IDLE, 1180, 40)
        hands.focus(hands.IDLE)
        before = hands.colour(self.place)
        hands.press("Return")
        hands.window(hands.BUSY)
        hands.wait_for(lambda: hands.colour(self.place) != before, "a preview on the canvas")

    def _draw_mark(self) -> None:
        left, top = BOX[0] + (BOX[2] - MARK) // 2, BOX[1] + (BOX[3] - MARK) // 2
        layer = self.image.get_layers()[0]
        box = Gegl.Rectangle.new(left, top, MARK, MARK)
        layer.get_buffer().set(box, "R'G'B' u8", b"\xff\x00\xff" * (MARK * MARK))
        layer.get_buffer().flush()
        layer.update(left, top, MARK, MARK)


stage.tell(lambda: Scenario().play())
