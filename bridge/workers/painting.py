"""One assignment painted with an engine: wire messages in, wire messages out; any thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Protocol

from bridge.blobs import attached
from bridge.convert import broken, ended_by, request_of, told
from bridge.pictures import image_of, mask_of, preview_of
from bridge.wire.errors import STORAGE_FAILED
from bridge.wire.messages import Failed, JobEvent, Picture
from bridge.workers import Assignment
from engine import Control, EngineError, Event, PaintRequest, Pixels

_UNREADABLE = (
    "The job cannot be painted because a file it needs cannot be read ({}). Send the job again; the"
    " bridge's log names the file."
)

log = logging.getLogger(__name__)


class Painter(Protocol):
    """What is needed of an engine."""

    def paint(self, request: PaintRequest, control: Control) -> Iterator[Event]:
        """Yield the events of one painting; raises EngineError."""
        ...


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
    except OSError as error:
        log.exception("A picture or a file of the engine cannot be read.")
        yield Failed(0, job, STORAGE_FAILED, _UNREADABLE.format(error.strerror or error))
    except Exception:
        log.exception("The engine failed.")
        yield broken(job)


def _painted(
    painter: Callable[[], Painter], assignment: Assignment, control: Control
) -> Iterator[JobEvent]:
    submit = assignment.submit
    control.check()
    if assignment.pictures is not None:
        submit = attached(submit, assignment.pictures)
    image = None if submit.image is None else image_of(submit.image)
    mask = None if submit.mask is None else mask_of(submit.mask)
    second = submit.second_image
    second = None if second is None else image_of(second, "second_image")
    request = request_of(submit, image, mask, second)

    def preview(pixels: Pixels) -> Picture:
        return preview_of(pixels, assignment.preview_codec, assignment.preview_side)

    events = painter().paint(request, control)
    yield from told(submit.job, events, preview, submit.previews)
