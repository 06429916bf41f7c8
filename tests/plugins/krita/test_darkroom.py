"""Work that is done elsewhere, in the order it was asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from plugins.krita.darkroom import Darkroom


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds; a minute only catches what hangs."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_asking_returns_at_once_and_orders_are_done_in_turn() -> None:
    darkroom, gate, seen = Darkroom(), threading.Event(), []

    def first() -> str:
        gate.wait(60)
        seen.append(threading.current_thread() is threading.main_thread())
        return "first"

    orders = [darkroom.ask(first), darkroom.ask(lambda: "second")]
    assert [order.done for order in orders] == [False, False]
    gate.set()
    until(lambda: all(order.done for order in orders))
    assert [order.result for order in orders] == ["first", "second"]
    assert seen == [False]
    darkroom.close()


def test_an_order_that_fails_is_done_without_a_result_and_the_next_one_works() -> None:
    darkroom = Darkroom()

    def fail() -> str:
        raise RuntimeError("no light")

    bad, good = darkroom.ask(fail), darkroom.ask(lambda: 3)
    until(lambda: bad.done and good.done)
    assert (bad.result, good.result) == (None, 3)
    darkroom.close()
