"""One job bound to one document: what the bridge tells becomes paint on one layer.

Previews are cut to the paste mask, so paint that is kept is never covered. They are developed in
another thread; writing them may take a quarter of the time of Krita's one thread, and of what
arrives faster only the newest is shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .darkroom import Order
from .language import tr
from .layers import CandidateGroup, PaintLayer
from .libkis import Node
from .protocol import JobEvent, Painted, Painting, Picture, Preview, Rect, moved
from .views import Optics
from .wishes import Wish

Patch = Callable[[Picture, Rect, Rect, bytes], "bytes | None"]
Swap = Callable[[bytes, int, int], bytes]
Ask = Callable[[Callable[[], "bytes | None"]], "Order[bytes | None]"]
REST = 3  # after writing for a time, rest for so many times as long
NAME_LENGTH = 60


@dataclass(frozen=True)
class Tools:
    """What Qt and a thread do for an easel: the functions of `pictures`, a look at the hand.

    `hand_rests` tells that no stroke is under way: adding or taking a layer away would abort it.
    `ask` has work done in the darkroom.
    """

    patch: Patch
    swapped: Swap
    over: Callable[[bytes, bytes, int, int], bytes]
    cut: Callable[[bytes, bytes, int, int], bytes]
    holes: Callable[[bytes, int, int], bytes]
    hand_rests: Callable[[], bool]
    ask: Callable[..., Order]
    optics: Optics


@dataclass(frozen=True)
class Errand:
    """What a painting is for: where its picture lies, and what becomes of the result."""

    wish: Wish = field(default_factory=Wish)
    label: str = ""
    origin: tuple[int, int] = (0, 0)  # of what was sent, in canvas pixels
    shape: Callable[[], bytes | None] = lambda: None  # what a result is cut to, besides its own
    replaces: Node | None = None


class Easel:
    """A painting from the click to the layer that stays."""

    def __init__(
        self,
        layer: PaintLayer | Callable[[Painted], PaintLayer],
        painting: Painting,
        errand: Errand,
        tools: Tools,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """A layer that is not there yet is made when the first result is laid."""
        self.painting = painting
        self.errand = errand
        self.shown = 0  # the candidate on the canvas
        self.dropped = False  # by the painter: what still comes is not shown
        self.laid: int | None = None  # the candidate that is the result on the canvas
        self._tools = tools
        self._clock = clock
        self._chosen = False  # by the painter's hand
        self._stale = False
        self._rest_until = 0.0
        self._leaving = False  # the layer is to be taken away
        self._developing: tuple[int, Order[bytes | None]] | None = None
        self._layer = layer if isinstance(layer, PaintLayer) else None
        self._make_layer = None if isinstance(layer, PaintLayer) else layer

    @property
    def prompt(self) -> str:
        """What the painter wrote."""
        return self.errand.wish.prompt

    @property
    def layer(self) -> PaintLayer | None:
        """Where paint arrives; None while there is no such layer."""
        return self._layer

    @property
    def over(self) -> bool:
        """Whether nothing more will be painted, and what was painted is on the canvas."""
        if self.dropped or self.painting.state in ("cancelled", "failed"):
            return True
        return self.painting.over and not self._unlaid

    @property
    def at_rest(self) -> bool:
        """Whether nothing is left to be done at a turn of the event loop."""
        settled = self._layer is None or self._layer.gone or self._layer.settled
        ended = self.dropped or self.painting.state != "finished"
        waits = not ended and (self._stale or self._developing is not None)
        return self.over and settled and not self._leaving and not waits

    @property
    def abandoned(self) -> bool:
        """Whether the painter undid the layer or closed the document while it goes on."""
        return not self.over and self._layer is not None and self._layer.gone

    def take(self, painting: Painting, event: JobEvent) -> None:
        """Understand what changed; what is new reaches the canvas at `tick`."""
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
        if self._layer is not None:
            self._layer.settle()
        if self._leaving:
            self._leave()
        if self.dropped or (self.painting.over and self.painting.state != "finished"):
            return
        if self._developing is not None:
            self._pick_up()
        elif self._stale and (self.painting.over or self._clock() >= self._rest_until):
            self._develop()

    def drop(self) -> None:
        """Leave the document as it was, once the hand rests, whatever the bridge still says."""
        if not self.over:
            self.dropped = True
            self._stale = False
            self._leave()

    def take_back(self) -> None:
        """Undo the finished painting, in however many steps Krita counts it."""
        finished = self.painting.state == "finished" and not self.dropped
        if finished and self._layer is not None and self._tools.hand_rests():
            self._layer.take_back()

    def select(self, candidate: int) -> None:
        """Show this candidate on the canvas from now on, and keep it as the result.

        Paint that the painter added to the result's layer stays: a new layer is made then.
        """
        if self.dropped or not 0 <= candidate < self.painting.candidates:
            return
        self.shown, self._chosen, self._stale = candidate, True, True
        if self.painting.state == "finished" and candidate not in self.painting.results:
            self._stale = False

    @property
    def _unlaid(self) -> bool:
        """Whether a result is still to be laid on the canvas."""
        if not self.painting.results or (self._layer is not None and self._layer.gone):
            return False
        if isinstance(self._layer, CandidateGroup):
            return any(not self._layer.has(index) for index in self.painting.results)
        return self.laid is None

    def _leave(self) -> None:
        self._leaving = not self._tools.hand_rests()
        if not self._leaving and self._layer is not None:
            self._layer.withdraw()

    def _finished(self) -> None:
        best = self.painting.best
        if not best:
            self._leave()
            return
        if not (self._chosen and self.shown in self.painting.results):
            self.shown = best[0].candidate
        self._stale = True

    def _next(self) -> int:
        """Return the candidate to develop now: of a group the worst first, the best is on top."""
        if self.painting.state == "finished" and isinstance(self._layer, CandidateGroup):
            for painted in reversed(self.painting.best):
                if not self._layer.has(painted.candidate):
                    return painted.candidate
        return self.shown

    def _develop(self) -> None:
        self._stale = False
        candidate = self._next()
        if isinstance(self._layer, CandidateGroup) and self._layer.has(candidate):
            self._layer.reveal(candidate, self._result_name(candidate))
            self.laid = candidate
            return
        painted = self.painting.results.get(candidate)
        work = self._work_of(painted) if painted is not None else self._preview_work(candidate)
        if work is not None:
            self._developing = (candidate, self._tools.ask(work))
            self._pick_up()

    def _work_of(self, painted: Painted) -> Callable[[], bytes | None]:
        size = (painted.paste.width, painted.paste.height)
        data, tools, shape = painted.picture.data, self._tools, self.errand.shape
        under, old = None, self.errand.replaces
        if old is not None and self._layer is not None and not self._layer.gone:
            under = self._layer.under(old, moved(painted.paste, self.errand.origin))

        def work() -> bytes:
            mask = shape()
            pixels = data if mask is None else tools.cut(data, mask, *size)
            paint = tools.swapped(pixels, *size)
            return paint if under is None else tools.over(under, paint, *size)

        return work

    def _preview_work(self, candidate: int) -> Callable[[], bytes | None] | None:
        layout, picture = self.painting.layout, self.painting.picture(candidate)
        if layout is None or picture is None or self._layer is None:
            return None
        patch, shape = self._tools.patch, self.errand.shape

        def work() -> bytes | None:
            mask = shape() or layout.mask.data
            return patch(picture, layout.context, layout.paste, mask)

        return work

    def _pick_up(self) -> None:
        """Write what is developed to the canvas, once it is."""
        if self._developing is None or not self._developing[1].done:
            return
        candidate, order = self._developing
        if self.painting.state == "finished" and not self._tools.hand_rests():
            return  # layers may be added or taken away
        if self.painting.state == "finished" and not self._has_room():
            return
        self._developing = None
        if order.result is not None and not (self._layer is not None and self._layer.gone):
            began = self._clock()
            self._write(candidate, order.result)
            now = self._clock()
            self._rest_until = now + REST * (now - began)
        if self.painting.state == "finished" and (self._unlaid or candidate != self._next()):
            self._stale = True

    def _has_room(self) -> bool:
        group = self._layer if isinstance(self._layer, CandidateGroup) else None
        return group is None or group.gone or group.make_room()

    def _write(self, candidate: int, bgra: bytes) -> None:
        painted = self.painting.results.get(candidate)
        if painted is None or self.painting.state != "finished":
            layout = self.painting.layout
            if layout is not None and self._layer is not None:
                self._layer.show(bgra, moved(layout.paste, self.errand.origin))
            return
        if self._layer is None and self._make_layer is not None:
            self._layer = self._make_layer(painted)
        if isinstance(self._layer, CandidateGroup):
            self._keep_in_group(self._layer, candidate, bgra, painted)
        elif self._layer is not None:
            self._lay(self._layer, candidate, bgra, painted)

    def _keep_in_group(
        self, group: CandidateGroup, candidate: int, bgra: bytes, painted: Painted
    ) -> None:
        rect = moved(painted.paste, self.errand.origin)
        group.keep(candidate, bgra, rect, self._result_name(candidate))
        if not self._unlaid:
            group.reveal(self.shown, self._result_name(self.shown))
            self.laid = self.shown

    def _lay(self, layer: PaintLayer, candidate: int, bgra: bytes, painted: Painted) -> None:
        if layer.painted_over and self.laid is not None:
            layer = self._layer = layer.another(forming_name(self.prompt))
        rect = moved(painted.paste, self.errand.origin)
        layer.show(bgra, rect)
        layer.finish(self._result_name(candidate))
        if self.errand.replaces is not None and self.laid is None:
            layer.replace(self.errand.replaces)
        self.laid = candidate

    def _result_name(self, candidate: int) -> str:
        return f"{_name(self.prompt)} [{self.painting.results[candidate].seed}]"


def forming_name(prompt: str) -> str:
    """Return the name of the layer while the paint forms."""
    return f"{_name(prompt)} …"


def _name(prompt: str) -> str:
    words = " ".join(prompt.split())
    if not words:
        return tr("Filled from its surroundings")
    return words if len(words) <= NAME_LENGTH else words[: NAME_LENGTH - 1] + "…"
