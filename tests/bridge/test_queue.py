"""Whose turn it is."""

from __future__ import annotations

from bridge.queue import Key, Queue


def keys(*names: str) -> list[Key]:
    return [Key(name[0], name) for name in names]


def test_sessions_take_turns_and_each_is_served_in_order() -> None:
    queue = Queue()
    for key in keys("a1", "a2", "a3", "b1", "c1", "c2"):
        queue.add(key)
    foretold = queue.order()
    assert foretold == keys("a1", "b1", "c1", "a2", "c2", "a3")
    assert [queue.take() for _ in foretold] == foretold
    assert queue.take() is None


def test_a_session_that_was_served_waits_for_the_others() -> None:
    queue = Queue()
    for key in keys("a1", "a2", "b1"):
        queue.add(key)
    assert queue.take() == Key("a", "a1")
    queue.add(Key("c", "c1"))
    assert queue.order() == keys("b1", "a2", "c1")


def test_a_first_job_overtakes_its_own_session_only() -> None:
    queue = Queue()
    for key in keys("a1", "b1", "b2"):
        queue.add(key)
    queue.add(Key("b", "b0"), first=True)
    assert queue.order() == keys("a1", "b0", "b1", "b2")


def test_a_place_is_that_of_the_order() -> None:
    queue = Queue()
    for name in ("a1", "a2", "a3", "b1", "c1", "c2", "b2", "a4"):
        queue.add(Key(name[0], name))
    for _ in range(4):
        assert [queue.place(key) for key in queue.order()] == list(range(len(queue.order())))
        queue.take()


def test_a_removed_job_is_not_taken() -> None:
    queue = Queue()
    for key in keys("a1", "b1"):
        queue.add(key)
    assert queue.remove(Key("a", "a1"))
    assert not queue.remove(Key("a", "a1"))
    assert queue.order() == keys("b1")
