"""One job bound to one document: what the bridge tells becomes paint on one layer.

Previews are cut to the paste mask, so paint that is kept is never covered. Writing them may take a
quarter of the time of Krita's one thread; of what arrives faster only the newest is shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from .canvas import Canvas, PaintLayer
from .protocol import JobEvent, Painted, Painting, Picture, Preview, Rect, moved

Patch = Callable[[Picture, Rect, Rect, bytes], "bytes | None"]
Swap = Callable[[bytes, int, int], bytes]
REST = 3  # after writing for a time, rest for so many times as long
NAME_LENGTH = 60


@dataclass(frozen=True)
class Tools:
    """What Qt does for an easel: `patch` and `swapped` of `pictures`, and a look at the hand.

    `hand_rests` tells that no stroke is under way: taking a layer away would abort it.
    """

    patch: Patch
    swapped: Swap
    hand_rests: Callable[[], bool]


class Easel:
    """A painting from the click to the layer that stays."""

    def __init__(
        self,
        canvas: Canvas,
        layer: PaintLayer,
        painting: Painting,
        prompt: str,
        origin: tuple[int, int],
        tools: Tools,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.painting = painting
        self.prompt = prompt
        self.shown = 0  # the candidate on the canvas
        self.dropped = False  # by the painter: what still comes is not shown
        self._canvas = canvas
        self._origin = origin
        self._tools = tools
        self._clock = clock
        self._chosen = False  # by the painter's hand
        self._stale = False
        self._rest_until = 0.0
        self._leaving = False  # the layer is to be taken away
        self._layer = layer

    @property
    def over(self) -> bool:
        """Whether nothing more will be painted."""
        return self.dropped or self.painting.over

    @property
    def at_rest(self) -> bool:
        """Whether nothing is left to be done at a turn of the event loop."""
        return self.over and not self._leaving

    @property
    def abandoned(self) -> bool:
        """Whether the painter undid the layer or closed the document while it goes on."""
        return not self.over and self._layer.gone

    def take(self, painting: Painting, event: JobEvent) -> None:
        """Understand what changed; a preview reaches the canvas at `tick`, an end at once."""
        self.painting = painting
        if self.dropped:
            return
        if isinstance(event, (Preview, Painted)):
            self._stale = self._stale or event.candidate == self.shown
        if painting.state == "finished":
            self._finished()
        elif painting.over:
            self._leave()

    def tick(self) -> None:
        """Use a turn of Krita's event loop: give the active layer back, show what is new."""
        self._layer.settle()
        if self._leaving:
            self._leave()
        if self._stale and not self.over and self._clock() >= self._rest_until:
            self._show()

    def drop(self) -> None:
        """Leave the document as it was, once the hand rests, whatever the bridge still says."""
        if not self.over:
            self.dropped = True
            self._leave()

    def take_back(self) -> None:
        """Undo the finished painting, in however many steps Krita counts it."""
        if self.painting.state == "finished" and not self.dropped and self._tools.hand_rests():
            self._layer.take_back()

    def select(self, candidate: int) -> None:
        """Show this candidate on the canvas from now on, and keep it as the result.

        Paint that the painter added to the result's layer stays: a new layer is made then.
        """
        if self.dropped or not 0 <= candidate < self.painting.candidates:
            return
        self.shown, self._chosen, self._stale = candidate, True, True
        if self.painting.state != "finished" or candidate not in self.painting.results:
            return
        if not self._layer.gone and self._layer.painted_over:
            self._layer = self._canvas.add_layer(_name(self.prompt))
        self._result()

    def _leave(self) -> None:
        self._leaving = not self._tools.hand_rests()
        if not self._leaving:
            self._layer.withdraw()

    def _finished(self) -> None:
        best = self.painting.best
        if not best:
            self._leave()
            return
        if not (self._chosen and self.shown in self.painting.results):
            self.shown = best[0].candidate
        self._result()

    def _result(self) -> None:
        if self._layer.gone:
            return
        self._show()
        seed = self.painting.results[self.shown].seed
        self._layer.finish(f"{_name(self.prompt)} [{seed}]")

    def _show(self) -> None:
        if self._layer.gone:
            return
        began = self._clock()
        self._stale = False
        painted = self.painting.results.get(self.shown)
        if painted is not None:
            paste = painted.paste
            bgra = self._tools.swapped(painted.picture.data, paste.width, paste.height)
            self._layer.show(bgra, self._on_canvas(paste))
        else:
            self._show_preview()
        now = self._clock()
        self._rest_until = now + REST * (now - began)

    def _show_preview(self) -> None:
        layout, picture = self.painting.layout, self.painting.picture(self.shown)
        if layout is None or picture is None:
            return
        pixels = self._tools.patch(picture, layout.context, layout.paste, layout.mask.data)
        if pixels is not None:
            self._layer.show(pixels, self._on_canvas(layout.paste))

    def _on_canvas(self, rect: Rect) -> Rect:
        return moved(rect, self._origin)


def forming_name(prompt: str) -> str:
    """Return the name of the layer while the paint forms."""
    return f"{_name(prompt)} …"


def _name(prompt: str) -> str:
    words = " ".join(prompt.split())
    if not words:
        return "Filled from its surroundings"
    return words if len(words) <= NAME_LENGTH else words[: NAME_LENGTH - 1] + "…"
