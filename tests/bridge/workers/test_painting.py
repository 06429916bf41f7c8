"""One assignment, painted: exactly one terminal message, whatever the engine does."""

from __future__ import annotations

from typing import NoReturn

import pytest

from bridge.wire import errors as codes
from bridge.wire.messages import (
    TERMINAL,
    Cancelled,
    Failed,
    Finished,
    JobEvent,
    Picture,
    Preview,
    Submit,
)
from bridge.workers import Assignment
from bridge.workers.painting import Painter, painted
from engine import Control, ModelError
from tests.bridge.painters import FlatPainter
from tests.bridge.talk import a_submit


def play(submit: Submit, control: Control | None = None) -> list[JobEvent]:
    assignment = Assignment("s/1", submit, "rgb8", 16)
    events = list(painted(FlatPainter, assignment, control or Control()))
    assert [isinstance(event, TERMINAL) for event in events].count(True) == 1
    assert isinstance(events[-1], TERMINAL)
    return events


def test_a_painting_ends_well_with_previews_of_the_size_asked_for() -> None:
    events = play(a_submit())
    assert isinstance(events[-1], Finished)
    sizes = {event.picture.width for event in events if isinstance(event, Preview)}
    assert sizes == {16}


@pytest.mark.parametrize(
    ("submit", "code", "param"),
    [
        (a_submit("wrong"), codes.BAD_REQUEST, "prompt"),
        (a_submit("broken"), codes.INTERNAL, ""),
        (a_submit(width=8), codes.BAD_REQUEST, "height"),
        (a_submit(mode="vary", image=Picture(2, 2, "png", b"text")), codes.BAD_REQUEST, "image"),
        (a_submit(plan={"batches": "all"}), codes.BAD_REQUEST, "plan"),
    ],
)
def test_every_failure_is_one_message(submit: Submit, code: str, param: str) -> None:
    (failed,) = play(submit)
    assert isinstance(failed, Failed)
    assert (failed.code, failed.param) == (code, param)


def test_a_job_cancelled_before_it_begins_is_cancelled() -> None:
    control = Control()
    control.cancel()
    assert [type(event) for event in play(a_submit("broken"), control)] == [Cancelled]


def test_an_engine_that_cannot_be_made_ends_the_job_with_its_sentence() -> None:
    def make() -> NoReturn:
        raise ModelError("There is no model.")

    factory: type[Painter] = make  # type: ignore[assignment]
    (failed,) = painted(factory, Assignment("s/1", a_submit()), Control())
    assert isinstance(failed, Failed)
    assert failed.message == "There is no model."
