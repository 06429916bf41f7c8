"""A session without a socket: the real controller, and a bridge that says what the test says."""

from __future__ import annotations

from typing import Any

from plugins.gimp.mahlstick_gimp.wire.controller import Controller, Effect, Send
from plugins.gimp.mahlstick_gimp.wire.messages import (
    Finished,
    Limits,
    Message,
    Painted,
    Picture,
    Preview,
    Rect,
    Started,
    Submit,
    Welcome,
)

from plugins.gimp.mahlstick_gimp.protocol import Offline, Online, Painting

WELCOME = Welcome(1, "a test", Limits(1 << 28, 8192, 16, 500, 8), [], [], [])
PASTE = Rect(10, 6, 8, 4)
CONTEXT = Rect(6, 2, 16, 12)
MASK = bytes(range(100, 100 + PASTE.width * PASTE.height))


class TestSession:
    """What `Session` is, with the messages in a list instead of on a wire."""

    __test__ = False

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.closed = False
        self._controller = Controller()
        self._changes: list[Any] = []
        self.happens(Online(WELCOME, 1))

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

    def close(self) -> None:
        self.closed = True

    def said(self, kind: type[Any]) -> list[Any]:
        """The messages of a kind that were sent."""
        return [message for message in self.sent if isinstance(message, kind)]

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self.sent.append(effect.message)
            else:
                self._changes.append(effect)


def started(job: str, candidates: int = 1, **changed: Any) -> Started:
    told: dict[str, Any] = {
        "seq": 1,
        "job": job,
        "seed": 77,
        "seeds": [77 + number for number in range(candidates)],
        "model": "a model",
        "sampler": "euler",
        "steps": 4,
        "guidance": 2.0,
        "canvas_width": 40,
        "canvas_height": 30,
        "origin": (0, 0),
        "context": CONTEXT,
        "paste": PASTE,
        "mask": Picture(PASTE.width, PASTE.height, "gray8", MASK),
    }
    return Started(**{**told, **changed})


def preview(job: str, step: int, colour: tuple[int, int, int], candidate: int = 0) -> Preview:
    return Preview(step, job, candidate, step, 4, Picture(4, 3, "rgb8", bytes(colour) * 12))


def painted(job: str, candidate: int = 0, red: int = 9) -> Painted:
    pixels = bytearray(bytes((red, 8, 7, 0)) * (PASTE.width * PASTE.height))
    pixels[3::4] = MASK
    picture = Picture(PASTE.width, PASTE.height, "rgba8", bytes(pixels))
    return Painted(9, job, candidate, 77 + candidate, PASTE, picture, 0.5, 1.0, {"plan": "p"})


def finished(job: str, order: list[int]) -> Finished:
    return Finished(10, job, order, 1.5)
