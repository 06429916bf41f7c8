"""A painter at his desk: a photograph in GIMP, a selection in its sky, our window beside."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import hands
import stage
from gi.repository import Gegl, Gimp

BOX = (560, 60, 180, 150)
MARK = 40
WINDOW = (1160, 960)
OURS = (1176, 40)


class Desk:
    """The photograph with its selection; `seen` are the colours its middle had on the screen."""

    def __init__(self) -> None:
        self.image = stage.load(stage.ARGUMENTS["picture"])
        self.display = Gimp.Display.new(self.image)
        hands.place(hands.IMAGE, 0, 0, WINDOW)
        hands.focus(hands.IMAGE)
        hands.press("shift+ctrl+j")  # the whole picture in the window
        self.place = self._find_middle()
        self.image.undo_enable()  # GIMP hands loaded images out without
        self.image.select_ellipse(Gimp.ChannelOps.REPLACE, *BOX)
        Gimp.displays_flush()
        self.seen: list[tuple[int, int, int]] = []
        self._name = self._prompt = ""

    def paint(self, name: str, prompt: str) -> dict[str, object]:
        """Type the prompt, watch until the paint is dry, close our window; what GIMP returned."""
        self._name, self._prompt, self.seen = name, prompt, []
        answer = self.call(self._hands_that_paint)
        return {
            **stage.answered(answer),
            "colours_seen": self.seen,
        }

    def call(self, play: Callable[[], None]) -> Any:
        """Open our window while hands play."""
        helper = hands.Hands(play)
        answer = stage.fill(self.image, Gimp.RunMode.INTERACTIVE)
        helper.finish()
        return answer

    def undo(self) -> None:
        """Ctrl+Z, until the layer has gone."""
        self._shortcut("ctrl+z", 1)

    def redo(self) -> None:
        """Ctrl+Y, until the layer is back."""
        self._shortcut("ctrl+y", 2)

    def begin(self, prompt: str) -> None:
        """Start to paint with another prompt, and wait for a preview."""
        self.arrange()
        before = hands.colour(self.place)
        hands.press("ctrl+a")
        hands.type_text(prompt)
        hands.press("Return")
        hands.window(hands.BUSY)
        hands.wait_for(lambda: hands.colour(self.place) != before, "a preview on the canvas")

    def arrange(self) -> None:
        """Put our window beside the picture and give it the keyboard."""
        hands.place(hands.IDLE, *OURS)
        hands.focus(hands.IDLE)

    def ask_for(self, prompt: str, candidates: str) -> None:
        """Type the prompt, then the number of candidates."""
        hands.press("ctrl+a")
        hands.type_text(prompt)
        hands.press("alt+n", *candidates, "Tab")

    def _shortcut(self, keys: str, layers: int) -> None:
        hands.focus(hands.IMAGE)
        hands.press(keys)
        hands.wait_for(lambda: len(self.image.get_layers()) == layers, f"{layers} layers")

    def _hands_that_paint(self) -> None:
        self.arrange()
        self.ask_for(self._prompt, "1")
        hands.photograph(f"{self._name}-typed")
        self._look()
        hands.press("alt+p")
        hands.window(hands.BUSY)
        self.watch(hands.IDLE)
        hands.photograph(f"{self._name}-painted")
        hands.press("Escape")

    def name(self, name: str) -> None:
        """What the next photographs are called."""
        self._name = name

    def comes(self, look: Callable[[], object]) -> bool:
        """Whether something happens within a second; for what perhaps must not."""
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            if look():
                return True
            time.sleep(0.03)
        return False

    def watch(self, title: str) -> None:
        """Note the colours on the canvas until a window of this title is there."""
        while not hands.is_open(title):
            for _ in range(20):  # asking for windows takes longer than a preview stays
                self._look()
        self._look()

    def _look(self) -> None:
        now = hands.colour(self.place)
        if now not in self.seen:
            self.seen.append(now)
            if len(self.seen) == 3:
                hands.photograph(f"{self._name}-forming")
        time.sleep(0.02)

    def _find_middle(self) -> tuple[int, int]:
        """Where the selection's middle is on the screen: a mark put there tells, and goes again."""
        left, top = BOX[0] + (BOX[2] - MARK) // 2, BOX[1] + (BOX[3] - MARK) // 2
        layer = self.image.get_layers()[0]
        buffer = layer.get_buffer()
        box = Gegl.Rectangle.new(left, top, MARK, MARK)
        kept = buffer.get(box, 1.0, "R'G'B' u8", Gegl.AbyssPolicy.NONE)
        place = (0, 0)
        for pixels in (b"\xff\x00\xff" * (MARK * MARK), kept):
            buffer.set(box, "R'G'B' u8", pixels)
            buffer.flush()
            layer.update(left, top, MARK, MARK)
            Gimp.displays_flush()
            if place == (0, 0):
                hands.wait_for(lambda: hands.mark() != (0, 0), "the mark on the screen")
                place = hands.mark()
        hands.wait_for(lambda: hands.mark() == (0, 0), "the photograph without the mark")
        return place
