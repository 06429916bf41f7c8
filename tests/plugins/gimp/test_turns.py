"""Where the network's threads and GIMP's main thread meet."""

from __future__ import annotations

import threading

import pytest

from plugins.gimp.mahlstick_gimp.turns import Turns


def test_a_thread_wakes_the_main_thread_which_takes_its_turn() -> None:
    turns = Turns()
    arrived: list[int] = []
    taken: list[tuple[int, bool]] = []

    def work() -> None:
        arrived.append(1)
        turns.wake()

    def turn() -> bool:
        taken.append((len(arrived), threading.current_thread() is threading.main_thread()))
        return not arrived

    worker = threading.Timer(0.05, work)
    worker.start()
    turns.run(turn)
    worker.join()
    assert taken == [(0, True), (1, True)]


def test_many_calls_before_a_turn_make_one() -> None:
    turns = Turns()
    count = 0

    def turn() -> bool:
        nonlocal count
        count += 1
        if count == 1:
            for _ in range(5):
                turns.wake()
        return count < 2

    turns.run(turn)
    assert count == 2


def test_what_a_turn_raises_ends_the_waiting() -> None:
    def turn() -> bool:
        raise RuntimeError("a fault")

    with pytest.raises(RuntimeError, match="a fault"):
        Turns().run(turn)
