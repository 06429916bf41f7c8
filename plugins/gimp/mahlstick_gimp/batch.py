"""A painting without a window: for scripts, and for repeating the last one from the menu."""

from __future__ import annotations

from .canvas import Canvas
from .host import Gimp
from .job import Job, Outcome
from .language import tr
from .protocol import Painting
from .requests import Request
from .turns import Turns, open_session


def paint(canvas: Canvas, request: Request) -> Outcome:
    """Paint, show GIMP's own progress bar, and return how it ended."""
    turns = Turns()
    session = open_session(turns.wake)
    Gimp.progress_init(tr("Mahlstick is painting"))
    job = Job(session, canvas, request, "result", _show)

    def turn() -> bool:
        for change in session.poll():
            job.take(change)
        return job.outcome is None

    try:
        turns.run(turn)
    finally:
        session.close()
        Gimp.progress_end()
    assert job.outcome is not None  # noqa: S101 - the turns end with it
    return job.outcome


def _show(painting: Painting) -> None:
    Gimp.progress_update(painting.progress)
