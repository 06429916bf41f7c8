"""The inbox between two threads."""

from __future__ import annotations

import threading

from bridge.wire.controller import Offline
from bridge.wire.inbox import Inbox
from bridge.wire.messages import Accepted, Cancelled, Picture, Preview


def preview(job: str, candidate: int, step: int) -> Preview:
    return Preview(step, job, candidate, step, 9, Picture(1, 1, "jpeg", b"x"))


def test_a_slow_editor_sees_only_the_newest_preview_of_each_candidate() -> None:
    inbox = Inbox()
    for step in range(1, 6):
        for job in "ab":
            inbox.put(preview(job, 0, step))
            inbox.put(preview(job, 1, step))
    newest = [preview(job, candidate, 5) for job in "ab" for candidate in (0, 1)]
    assert inbox.take() == newest
    assert inbox.take() == []


def test_nothing_else_is_dropped_or_changes_its_order() -> None:
    inbox = Inbox()
    first, last = Accepted(1, "a", 0), Cancelled(9, "a")
    for happening in (first, preview("a", 0, 1), first, preview("a", 0, 2), last):
        inbox.put(happening)
    assert inbox.take() == [first, first, preview("a", 0, 2), last]


def test_every_happening_wakes_the_editor_after_it_can_be_taken() -> None:
    taken: list[object] = []
    inbox = Inbox(lambda: taken.append(inbox.take()))
    inbox.put(Offline("closed", "Gone."))
    assert taken == [[Offline("closed", "Gone.")]]


def test_nothing_is_lost_between_two_threads() -> None:
    inbox, seen = Inbox(), []

    def fill() -> None:
        for number in range(2000):
            inbox.put(Accepted(number, "a", 0))

    thread = threading.Thread(target=fill)
    thread.start()
    while thread.is_alive():
        seen += inbox.take()
    seen += inbox.take()
    assert [event.seq for event in seen if isinstance(event, Accepted)] == list(range(2000))
