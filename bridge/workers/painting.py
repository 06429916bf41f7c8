"""One assignment painted with an engine: wire messages in, wire messages out; any thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol

from bridge.blobs import attached
from bridge.convert import broken, ended_by, request_of, told
from bridge.pictures import image_of, mask_of, preview_of
from bridge.wire.messages import JobEvent, Picture
from bridge.workers import Assignment
from engine import Control, EngineError, Event, PaintRequest, Pixels

log = logging.getLogger(__name__)


class Painter(Protocol):
    """What is needed of an engine."""

    def paint(self, request: PaintRequest, control: Control) -> Iterator[Event]:
        """Yield the events of one painting; raises EngineError."""
        ...


def whole(assignment: Assignment) -> Assignment:
    """Return the assignment with the pictures that lie beside its submit in it."""
    if assignment.pictures is None:
        return assignment
    return replace(assignment, submit=attached(assignment.submit, assignment.pictures))


def painted(
    painter: Callable[[], Painter], assignment: Assignment, control: Control
) -> Iterator[JobEvent]:
    """Yield the job's messages, exactly one terminal one, last; raises nothing.

    `painter` is called here, so that a failure to make an engine ends the job with a sentence.
    """
    job = assignment.submit.job
    try:
        yield from _painted(painter, assignment, control)
    except EngineError as error:
        yield ended_by(job, error)
    except Exception:
        log.exception("The engine failed.")
        yield broken(job)


def _painted(
    painter: Callable[[], Painter], assignment: Assignment, control: Control
) -> Iterator[JobEvent]:
    submit = assignment.submit
    control.check()
    image = None if submit.image is None else image_of(submit.image)
    mask = None if submit.mask is None else mask_of(submit.mask)
    request = request_of(submit, image, mask)

    def preview(pixels: Pixels) -> Picture:
        return preview_of(pixels, assignment.preview_codec, assignment.preview_side)

    events = painter().paint(request, control)
    yield from told(submit.job, events, preview, submit.previews)
