"""A session as a plugin drives it: submit, poll, show."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from bridge.wire.connection import Connection
from bridge.wire.controller import Online, Updated, new_id
from bridge.wire.messages import (
    Accepted,
    Cancelled,
    Finished,
    Painted,
    Picture,
    Preview,
    Rect,
    Started,
    Submit,
)
from bridge.wire.session import Change, Session

ServeScript = Callable[[Callable[[Any], object]], AbstractContextManager[Connection]]
BOX = Rect(0, 0, 2, 2)
MASK = Picture(2, 2, "gray8", b"\xff" * 4)


def poll_until(session: Session, enough: Callable[[], object]) -> list[Change]:
    """Return the changes until it is enough."""
    changes: list[Change] = []
    deadline = time.monotonic() + 20
    while not enough():
        assert time.monotonic() < deadline, changes
        changes += session.poll()
        time.sleep(0.002)
    return changes


def paint(peer: Any) -> None:
    peer.welcome()
    job = peer.read().job
    peer.write(
        Accepted(1, job, 0),
        Started(
            2, job, 5, [5], "disc", "euler", 2, 1.0, 2, 2, (0, 0), BOX, BOX, MASK
        ),
        Preview(3, job, 0, 1, 2, Picture(1, 1, "rgb8", b"abc")),
        Painted(4, job, 0, 5, BOX, Picture(2, 2, "rgba8", bytes(16)), 0.5, 0.1),
        Finished(5, job, [0], 0.1),
    )  # fmt: skip
    while True:
        peer.read()


def test_a_painting_comes_to_its_end(serve_script: ServeScript) -> None:
    with serve_script(paint) as connection:
        session = Session("test", new_id(), find=lambda: connection)
        session.start()
        job = session.submit(Submit(new_id(), "vary", candidates=1)).job
        changes = poll_until(session, lambda: session.paintings[job].over)
        session.close()
    assert isinstance(changes[0], Online)
    kinds = [change.event.type for change in changes if isinstance(change, Updated)]
    assert kinds == ["accepted", "started", "preview", "painted", "finished"]
    painting = session.paintings[job]
    assert painting.best[0].picture == Picture(2, 2, "rgba8", bytes(16))
    assert session.welcome is not None
    assert painting.seed == 5


def test_a_job_that_is_cancelled_ends_cancelled(serve_script: ServeScript) -> None:
    def script(peer: Any) -> None:
        peer.welcome()
        job = peer.read().job
        peer.write(Accepted(1, job, 0))
        peer.write(Cancelled(2, peer.read().job))
        peer.read()

    with serve_script(script) as connection:
        session = Session("test", new_id(), find=lambda: connection)
        session.start()
        job = session.submit(Submit(new_id(), "vary")).job
        poll_until(session, lambda: session.paintings[job].state == "queued")
        session.cancel(job)
        poll_until(session, lambda: session.paintings[job].over)
        session.forget(job)
        session.close()
    assert dict(session.paintings) == {}


def test_a_job_survives_the_loss_of_the_connection(serve_script: ServeScript) -> None:
    visits: list[object] = []

    def script(peer: Any) -> None:
        visits.append(1)
        if len(visits) > 1:
            paint(peer)
        else:
            peer.welcome()
            peer.read()  # and gone, without an answer

    with serve_script(script) as connection:
        session = Session("test", new_id(), find=lambda: connection)
        session.start()
        job = session.submit(Submit(new_id(), "vary", candidates=1)).job
        poll_until(session, lambda: session.paintings[job].over)
        assert session.online
        session.close()
    assert session.paintings[job].state == "finished"
    assert len(visits) == 2


def test_the_editor_is_woken_for_every_change(serve_script: ServeScript) -> None:
    woken: list[int] = []
    with serve_script(paint) as connection:
        session = Session("test", new_id(), find=lambda: connection, wake=lambda: woken.append(1))
        session.start()
        job = session.submit(Submit(new_id(), "vary", candidates=1)).job
        poll_until(session, lambda: session.paintings[job].over)
        session.keep(job, [0])
        session.fetch(job)
        session.close()
    assert len(woken) >= 6
