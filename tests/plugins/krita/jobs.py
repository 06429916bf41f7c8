"""A session without a socket: the real controller, and a bridge that says what the test says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from plugins.krita.wire.controller import Controller, Effect, Send
from plugins.krita.wire.geometry import swap_red_blue, with_alpha
from plugins.krita.wire.messages import (
    Finished,
    Limits,
    Message,
    Started,
    Submit,
    Welcome,
)

from plugins.krita.darkroom import Order
from plugins.krita.easel import Tools
from plugins.krita.protocol import Offline, Online, Painted, Painting, Picture, Preview, Rect
from plugins.krita.views import Optics

LIMITS = Limits(1 << 28, 8192, 16, 500, 8)
WELCOME = Welcome(1, "a test", LIMITS, models=[], samplers=[], schedules=[])
PASTE = Rect(10, 6, 8, 4)
CONTEXT = Rect(6, 2, 16, 12)


class TestSession:
    """What `Session` is, with the messages in a list instead of on a wire."""

    __test__ = False

    def __init__(self, online: bool = True) -> None:
        self.sent: list[Message] = []
        self.closed = False
        self._controller = Controller()
        self._changes: list[Any] = []
        if online:
            self.happens(Online(WELCOME, 1))
        self.poll()

    @property
    def online(self) -> bool:
        return self._controller.online

    @property
    def welcome(self) -> Any:
        return self._controller.welcome

    def happens(self, *happenings: Any) -> None:
        """The bridge says this, or the connection is made or lost."""
        for happening in happenings:
            self._carry_out(self._controller.take(happening))

    def lost(self) -> None:
        """The bridge is gone."""
        self.happens(Offline("closed", "The bridge closed the connection."))

    def submit(self, request: Submit) -> Painting:
        self._carry_out(self._controller.submit(request))
        return self._controller.paintings[request.job]

    def cancel(self, job: str) -> None:
        self._carry_out(self._controller.cancel(job))

    def keep(self, job: str, candidates: list[int]) -> None:
        self._carry_out(self._controller.keep(job, candidates))

    def forget(self, job: str) -> None:
        self._controller.forget(job)

    def poll(self) -> list[Any]:
        changes, self._changes = self._changes, []
        return changes

    def close(self, timeout_s: float = 3.0) -> None:
        assert timeout_s <= 1  # Krita must not be kept from quitting
        self.closed = True

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self.sent.append(effect.message)
            else:
                self._changes.append(effect)


class Job:
    """The events of one job, with rising numbers; its paste rectangle is `PASTE`."""

    def __init__(self, name: str, candidates: int = 2) -> None:
        self.name = name
        self.mask = np.full((PASTE.height, PASTE.width), 255, np.uint8)
        self.mask[0] = 0
        self._candidates = candidates
        self._seq = 0

    def started(self) -> Started:
        mask = Picture(PASTE.width, PASTE.height, "gray8", self.mask.tobytes())
        return Started(
            **self._next(),
            seed=100,
            seeds=[100 + i for i in range(self._candidates)],
            model="m",
            sampler="s",
            steps=4,
            guidance=1.0,
            canvas_width=48,
            canvas_height=32,
            origin=(0, 0),
            context=CONTEXT,
            paste=PASTE,
            mask=mask,
        )

    def preview(self, candidate: int, step: int, gray: int) -> Preview:
        picture = Picture(2, 2, "rgb8", bytes([gray]) * 12)
        return Preview(**self._next(), candidate=candidate, step=step, steps=4, picture=picture)

    def painted(self, candidate: int, rgb: tuple[int, int, int]) -> Painted:
        pixels = np.zeros((PASTE.height, PASTE.width, 4), np.uint8)
        pixels[..., :3] = rgb
        pixels[..., 3] = self.mask
        picture = Picture(PASTE.width, PASTE.height, "rgba8", pixels.tobytes())
        return Painted(
            **self._next(),
            candidate=candidate,
            seed=100 + candidate,
            paste=PASTE,
            picture=picture,
            score=None,
            seconds=0.1,
        )

    def finished(self, *order: int) -> Finished:
        return Finished(**self._next(), order=list(order), seconds=0.5)

    def _next(self) -> dict[str, Any]:
        self._seq += 1
        return {"seq": self._seq, "job": self.name}


def swapped(pixels: bytes, _width: int, _height: int) -> bytes:
    """RGBA as BGRA, or the other way round."""
    return swap_red_blue(pixels)


def flat_patch(picture: Picture, _context: Rect, paste: Rect, mask: bytes) -> bytes:
    """Cut a preview of one colour to the paste mask."""
    pixels = np.zeros((paste.height, paste.width, 4), np.uint8)
    pixels[..., :3] = np.frombuffer(picture.data, np.uint8)[2::-1]
    pixels[..., 3] = np.frombuffer(mask, np.uint8).reshape(paste.height, paste.width)
    return pixels.tobytes()


def laid_over(below: bytes, above: bytes, _width: int, _height: int) -> bytes:
    """Opaque pixels over others; where they are clear, those below."""
    under = np.frombuffer(below, np.uint8).reshape(-1, 4)
    paint = np.frombuffer(above, np.uint8).reshape(-1, 4)
    return np.where(paint[:, 3:] > 0, paint, under).tobytes()


def cut(pixels: bytes, mask: bytes, _width: int, _height: int) -> bytes:
    """Pixels with their alpha multiplied by a mask."""
    return with_alpha(pixels, mask)


def holes(pixels: bytes, _width: int, _height: int) -> bytes:
    """Where a picture is not opaque."""
    return np.where(np.frombuffer(pixels, np.uint8)[3::4] < 255, 255, 0).astype(np.uint8).tobytes()


class SlowDarkroom:
    """Works only when it is told to, as a busy thread would."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Order, Callable[[], Any]]] = []

    def ask(self, work: Callable[[], Any]) -> Order:
        order: Order = Order()
        self._waiting.append((order, work))
        return order

    def work(self) -> int:
        """Carry out what was asked; return how much that was."""
        waiting, self._waiting = self._waiting, []
        for order, work in waiting:
            order.result, order.done = work(), True
        return len(waiting)


def at_once(work: Callable[[], Any]) -> Order:
    """A darkroom that has worked before anyone looks."""
    return Order(done=True, result=work())


class Hand:
    """The painter's hand; down while a stroke is under way."""

    down = False

    def rests(self) -> bool:
        return not self.down


OPTICS = Optics(
    lambda scene, _side: ("base", scene.region),
    lambda picture, _context, paste, _mask, _side: ("film", picture, paste),
    lambda mask, paste, denoise, _context, _side: ("masks", mask, paste, denoise),
)
TOOLS = Tools(
    patch=flat_patch,
    swapped=swapped,
    over=laid_over,
    cut=cut,
    holes=holes,
    hand_rests=Hand().rests,
    ask=at_once,
    optics=OPTICS,
)
