"""How long it takes: a large context read and handed over, and previews put on the canvas."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.environ["MAHLSTICK_OUT"]) + "/scenarios")

import time
from pathlib import Path
from typing import Any

import stage
from gi.repository import Gimp

sys.path.insert(0, str(Path(Gimp.directory()) / "plug-ins" / "mahlstick"))

from mahlstick_gimp.arguments import Settings
from mahlstick_gimp.canvas import Canvas
from mahlstick_gimp.job import Job
from mahlstick_gimp.protocol import Online, Preview, Updated
from mahlstick_gimp.requests import refine
from mahlstick_gimp.turns import Turns, open_session

TIMES = 7
REST_S = 2.0  # meanwhile GIMP composes what the painter sees, as it has when he asks for paint


class Painter:
    """A session as our windows have it, taking turns in this process's main loop."""

    def __init__(self) -> None:
        self._turns = Turns()
        self._session = open_session(self._turns.wake)
        self._online = False
        self._turns.run(self._connected)

    def sent(self, image: Any) -> float:
        """Milliseconds of the main thread that reading and handing over take."""
        began = time.monotonic()
        canvas = Canvas(image, image.get_selected_layers())
        job = Job(self._session, canvas, refine(canvas, _wish("sent")), "stream", _ignored)
        taken = 1000 * (time.monotonic() - began)
        self._until_over(job, {})
        image.remove_layer(job.outcome.layer)
        Gimp.displays_flush()
        time.sleep(REST_S)
        return taken

    def shown(self, image: Any) -> dict[int, float]:
        """When each preview was on the canvas, by its number."""
        canvas = Canvas(image, image.get_selected_layers())
        job = Job(self._session, canvas, refine(canvas, _wish("shown")), "stream", _ignored)
        seen: dict[int, float] = {}
        self._until_over(job, seen)
        return seen

    def _until_over(self, job: Job, seen: dict[int, float]) -> None:
        def turn() -> bool:
            for change in self._session.poll():
                job.take(change)
                if isinstance(change, Updated) and isinstance(change.event, Preview):
                    seen[change.event.seq] = time.monotonic()
            return job.outcome is None

        self._turns.run(turn)

    def _connected(self) -> bool:
        return not any(isinstance(change, Online) for change in self._session.poll())


def scene() -> dict[str, object]:
    """Seven times each, on an image of three layers that is open in a window."""
    painter = Painter()
    large = _image(2048)
    sent = [painter.sent(large) for _ in range(TIMES)]
    return {"sent_ms": sent, "shown_at": painter.shown(_image(1024))}


def _wish(prompt: str) -> Settings:
    return Settings(prompt=prompt, strength=0.5)


def _ignored(_painting: object) -> None:
    """Nothing is shown of the progress here."""


def _image(side: int) -> Any:
    image = Gimp.Image.new(side, side, Gimp.ImageBaseType.RGB)
    mode = image.get_default_new_layer_mode()
    for number in range(3):
        kind = Gimp.ImageType.RGBA_IMAGE
        layer = Gimp.Layer.new(image, f"layer {number}", side, side, kind, 60.0, mode)
        layer.fill(Gimp.FillType.WHITE)
        image.insert_layer(layer, None, 0)
    Gimp.Display.new(image)
    Gimp.displays_flush()
    image.get_thumbnail_data(64, 64)  # an image that was looked at is composed
    return image


stage.tell({"speed": scene})
