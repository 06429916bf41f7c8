"""Small engines for the bridge's tests: exact pixels, no torch. Child processes import them too."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bridge.convert import told
from bridge.pictures import preview_of
from bridge.wire import messages as wire
from engine import (
    Box,
    CancelledError,
    Control,
    Denoised,
    Event,
    Finished,
    Layout,
    Loading,
    Mode,
    Painted,
    PaintRequest,
    Pixels,
    Plan,
    RequestError,
    Size,
    Started,
)

STEPS = 4


class FlatPainter:
    """Paints every candidate in one colour: (seed + candidate) modulo 256, 16x16 pixels.

    Prompts steer it: "slow" waits in mid-step until it is cancelled or kept, "stuck" hears nobody,
    "loads" neither while its model is read,
    "die" ends the process once (twice for "die always"), "wrong" is refused, "broken" is a fault of
    the engine, "echo" returns the picture.
    """

    def __init__(self, once: Path | None = None) -> None:
        self._once = once

    def paint(self, request: PaintRequest, control: Control) -> Iterator[Event]:
        self._misbehave(request)
        seed = 7 if request.seed is None else request.seed
        layout = layout_of(request)
        yield Loading("flat")
        self._hear_nobody("loads", request.prompt)
        yield started(request, seed, layout)
        steps = request.steps or STEPS
        for step in range(1, steps + 1):
            for candidate in range(request.candidates):
                yield Denoised(candidate, step, steps, noise(32, step))
            if "die" in request.prompt and step == 2:
                self._die(request.prompt)
            self._hear_nobody("stuck", request.prompt)
            if "slow" in request.prompt and step == 2:
                wait_for(lambda: control.kept is not None, control)
            if control.kept is not None:
                break
        kept = control.kept
        painted = sorted(kept) if kept is not None else list(range(request.candidates))
        for candidate in painted:
            yield flat(candidate, seed, layout, request)
        yield Finished(tuple(painted), 0.25, None if kept is None else step)

    def _misbehave(self, request: PaintRequest) -> None:
        if "wrong" in request.prompt:
            raise RequestError("prompt", "This prompt is wrong.")
        if "broken" in request.prompt:
            raise ZeroDivisionError("a fault of the engine")

    def _hear_nobody(self, word: str, prompt: str) -> None:
        if word in prompt:
            time.sleep(30)

    def _die(self, prompt: str) -> None:
        if self._once is None or "always" in prompt:
            os.kill(os.getpid(), 9)
        if not self._once.exists():
            self._once.touch()
            os.kill(os.getpid(), 9)


def make(options: Mapping[str, Any]) -> FlatPainter:
    """Return a painter in a child process."""
    once = options.get("once")
    return FlatPainter(Path(once) if once else None)


def layout_of(request: PaintRequest) -> Layout:
    if request.image is not None:
        height, width = request.image.shape[:2]
        size = Size(width, height)
    else:
        size = request.size or Size(16, 16)
    box = Box(0, 0, size.width, size.height)
    mask = np.full((size.height, size.width), 255, np.uint8)
    return Layout(
        size, (0, 0), box, Size(16, 16), box, mask if request.mask is None else request.mask
    )


def started(request: PaintRequest, seed: int, layout: Layout) -> Started:
    seeds = tuple(seed + index for index in range(request.candidates))
    plan = Plan(batches=(tuple(range(request.candidates)),))
    return Started(seed, seeds, "flat", "euler", "model", STEPS, 1.0, layout, plan)


def flat(candidate: int, seed: int, layout: Layout, request: PaintRequest) -> Painted:
    size = layout.paste_box_canvas.size
    image = np.full((size.height, size.width, 4), (seed + candidate) % 256, np.uint8)
    image[..., 3] = layout.paste_mask
    if request.image is not None and request.prompt == "echo":
        image = request.image
    record = {"mode": request.mode.value, "prompt": request.prompt, "seed": seed}
    return Painted(candidate, seed + candidate, image, image, None, 0.1, record)


def noise(side: int, seed: int) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)


def wait_for(done: Callable[[], bool], control: Control) -> None:
    """Wait in the middle of a step, checking as a family's forward hook does."""
    end = time.monotonic() + 30
    while not done():
        control.check()
        if time.monotonic() > end:
            raise CancelledError("The test never went on.")
        threading.Event().wait(0.002)


def make_loud(options: Mapping[str, Any]) -> FlatPainter:
    """Return a painter that writes where the child's frames go."""
    os.write(1, b"loading...")
    print("loading...", flush=True)  # noqa: T201 - what libraries do
    return make(options)


def flat_started(job: str, seed: int) -> wire.Started:
    """Return a start as the wire tells it."""
    request = PaintRequest(mode=Mode.GENERATE, candidates=1)
    event = started(request, seed, layout_of(request))
    return next(m for m in told(job, [event], _no_preview, True) if isinstance(m, wire.Started))


def _no_preview(pixels: Pixels) -> wire.Picture:
    return preview_of(pixels, "jpeg", 16)
