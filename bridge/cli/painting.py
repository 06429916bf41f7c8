"""One job from submitting to its last event, and what came of it."""

from __future__ import annotations

import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import FrameType

import numpy as np

from bridge.cli.failures import CancelledFailure, Failure, InputFailure, JobFailure, RefusedFailure
from bridge.wire.client import Client
from bridge.wire.errors import BAD_REQUEST, REFUSED_BY_FILTER, UNKNOWN_MODEL, UNKNOWN_WORDS
from bridge.wire.messages import (
    Cancel,
    Cancelled,
    Failed,
    Finished,
    Painted,
    Picture,
    Preview,
    Refused,
    ServerMessage,
    Started,
    Submit,
)
from engine import Alpha, Box, Pixels, merged

_POLL_S = 0.2
_INPUT_CODES = {BAD_REQUEST, UNKNOWN_MODEL, UNKNOWN_WORDS}


@dataclass(frozen=True)
class Result:
    """One candidate: `merged` is the whole canvas, RGBA uint8 (H, W, 4)."""

    candidate: int
    seed: int
    merged: Pixels
    score: float | None
    seconds: float
    record: dict[str, object]


@dataclass
class Outcome:
    """All that one job gave. Seconds count from the moment it was submitted."""

    job: str = ""
    results: list[Result] = field(default_factory=list)  # best first
    started: Started | None = None
    previews: dict[int, list[Picture]] = field(default_factory=dict)
    first_preview_s: float | None = None
    seconds: float = 0.0


def raw_picture(pixels: Pixels) -> Picture:
    """Return pixels as they travel: RGBA of (H, W, 4), or a gray mask of (H, W)."""
    height, width = pixels.shape[:2]
    kind = "gray8" if pixels.ndim == 2 else "rgba8"
    return Picture(width, height, kind, np.ascontiguousarray(pixels).tobytes())


def paint(
    client: Client, submit: Submit, canvas: Pixels | None, show: Callable[[object], None]
) -> Outcome:
    """Paint a job and return its outcome; `canvas` is the picture that was sent.

    Every message of the job is passed to `show`. Ctrl+C cancels the job: CancelledFailure.
    """
    job = replace(submit, job=submit.job or str(uuid.uuid4()))
    outcome = Outcome(job.job)
    began = time.monotonic()
    client.send(job)
    with _interrupts() as interrupted:
        for message in _messages(client, job.job, interrupted):
            _take(outcome, message, canvas, job, began)
            show(message)
    outcome.seconds = time.monotonic() - began
    return outcome


def _messages(client: Client, job: str, interrupted: threading.Event) -> Iterator[ServerMessage]:
    """Yield the job's messages up to its end; failures are raised."""
    cancelled = False
    while True:
        if interrupted.is_set() and not cancelled:
            client.send(Cancel(job))
            cancelled = True
        message = client.receive(_POLL_S)
        if message is None or getattr(message, "job", job) != job:
            continue
        if isinstance(message, Failed | Refused):
            raise _failure(message)
        if isinstance(message, Cancelled):
            raise CancelledFailure("Cancelled; nothing was written.")
        yield message
        if isinstance(message, Finished):
            return


def _failure(message: Failed | Refused) -> Failure:
    if message.code == REFUSED_BY_FILTER:
        return RefusedFailure(message.message)
    if message.code in _INPUT_CODES:
        return InputFailure(message.message)
    return JobFailure(message.message)


def _take(
    outcome: Outcome, message: ServerMessage, canvas: Pixels | None, job: Submit, began: float
) -> None:
    if isinstance(message, Started):
        outcome.started = message
    elif isinstance(message, Preview):
        if outcome.first_preview_s is None:
            outcome.first_preview_s = time.monotonic() - began
        outcome.previews.setdefault(message.candidate, []).append(message.picture)
    elif isinstance(message, Painted) and outcome.started is not None:
        outcome.results.append(_result(message, outcome.started, canvas, job))
    elif isinstance(message, Finished):
        places = {candidate: place for place, candidate in enumerate(message.order)}
        outcome.results.sort(key=lambda result: places.get(result.candidate, len(places)))


def _result(painted: Painted, started: Started, canvas: Pixels | None, job: Submit) -> Result:
    picture = painted.picture
    patch = np.frombuffer(picture.data, np.uint8).reshape(picture.height, picture.width, 4)
    box = Box(painted.paste.left, painted.paste.top, picture.width, picture.height)
    under = _grown(started, None if job.mode == "upscale" else canvas)
    # A picture that is refined as a whole keeps its own transparency.
    keeps = job.mode == "refine" and job.mask is None
    whole = merged(under, patch, box, Alpha.KEEP if keeps else Alpha.OVER)
    return Result(
        painted.candidate,
        painted.seed,
        whole,
        painted.score,
        painted.seconds,
        dict(painted.record),
    )


def _grown(started: Started, canvas: Pixels | None) -> Pixels:
    """Return the document before paint: the old picture at its origin in the new canvas."""
    size = (started.canvas_height, started.canvas_width)
    if canvas is not None and canvas.shape[:2] == size:
        return canvas
    grown = np.zeros((*size, 4), np.uint8)
    if canvas is not None and _fits(canvas, size):
        left, top = started.origin
        height, width = canvas.shape[:2]
        grown[top : top + height, left : left + width] = canvas
    return grown


def _fits(canvas: Pixels, size: tuple[int, int]) -> bool:
    return canvas.shape[0] <= size[0] and canvas.shape[1] <= size[1]


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """Turn Ctrl+C into an event, so that the job can be cancelled in good order."""
    pressed = threading.Event()

    def note(_number: int, _frame: FrameType | None) -> None:
        pressed.set()

    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
