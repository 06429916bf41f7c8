"""What one client is sent, and what a slow one is spared."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from bridge.outbox import MAX_ANSWERS, Outbox
from bridge.store import Store
from bridge.timeline import StoredJob
from bridge.wire.messages import (
    Accepted,
    Finished,
    History,
    Painted,
    Picture,
    Preview,
    Queued,
    Rect,
    Refused,
    Submit,
)

PIXEL = Picture(1, 1, "rgba8", b"abcd")


def preview(candidate: int, step: int, job: str = "1") -> Preview:
    return Preview(0, job, candidate, step, 20, PIXEL)


def painted(candidate: int) -> Painted:
    return Painted(0, "1", candidate, 0, Rect(0, 0, 1, 1), PIXEL, None, 1.0)


async def a_store(*jobs: str) -> Store:
    store = Store()
    for job in jobs or ("1",):
        await store.add_job(StoredJob("s", Submit(job, "generate"), "jpeg", 256, 0.0))
    return store


async def drained(outbox: Outbox) -> list[Any]:
    """Return all that waits."""
    messages: list[Any] = []
    while True:
        try:
            async with asyncio.timeout(0.01):
                messages.append(await outbox.next())
        except TimeoutError:
            return messages


def play(script: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(script())


def test_a_slow_client_sees_only_the_newest_preview_of_each_candidate() -> None:
    async def script() -> None:
        store = await a_store()
        outbox = Outbox(store, "s", 0)
        for step in range(1, 21):
            for candidate in range(3):
                await store.record("s", preview(candidate, step))
        waiting = await drained(outbox)
        assert [(message.candidate, message.step) for message in waiting] == [
            (0, 20),
            (1, 20),
            (2, 20),
        ]

    play(script)


def test_previews_of_different_jobs_do_not_replace_each_other() -> None:
    async def script() -> None:
        store = await a_store("1", "2")
        outbox = Outbox(store, "s", 0)
        await store.record("s", preview(0, 1, "1"))
        await store.record("s", preview(0, 1, "2"))
        assert [message.job for message in await drained(outbox)] == ["1", "2"]

    play(script)


def test_results_and_ends_are_never_replaced() -> None:
    async def script() -> None:
        store = await a_store()
        outbox = Outbox(store, "s", 0)
        await store.record("s", Accepted(0, "1", 3))
        for position in (2, 1):
            await store.record("s", Queued(0, "1", position))
        for candidate in range(2):
            await store.record("s", preview(candidate, 1))
            await store.record("s", painted(candidate))
        await store.record("s", Finished(0, "1", [0, 1], 1.0))
        heard = await drained(outbox)
        assert [type(message) for message in heard] == [Painted, Painted, Finished]

    play(script)


def test_answers_come_before_events_and_in_order() -> None:
    async def script() -> None:
        store = await a_store()
        outbox = Outbox(store, "s", 0)
        await store.record("s", painted(0))
        outbox.put(History([]))
        outbox.put(Refused("code", "No."))
        heard = [type(message) for message in await drained(outbox)]
        assert heard == [History, Refused, Painted]

    play(script)


def test_an_event_wakes_who_waits() -> None:
    async def script() -> None:
        store = await a_store()
        outbox = Outbox(store, "s", 0)
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(outbox.next())
            await asyncio.sleep(0)
            recorded = await store.record("s", preview(0, 1))
        assert waiting.result() == recorded

    play(script)


def test_a_client_goes_on_after_the_last_event_it_saw() -> None:
    async def script() -> None:
        store = await a_store()
        seen = await store.record("s", painted(0))
        missed = await store.record("s", painted(1))
        assert await drained(Outbox(store, "s", seen.seq)) == [missed]

    play(script)


def test_events_are_sent_again_on_request() -> None:
    async def script() -> None:
        store = await a_store()
        event = await store.record("s", painted(0))
        outbox = Outbox(store, "s", event.seq)
        outbox.again([event.seq, 999])
        assert await drained(outbox) == [event]

    play(script)


def test_a_client_that_asks_much_and_reads_nothing_is_not_read_either() -> None:
    async def script() -> None:
        outbox = Outbox(await a_store(), "s", 0)
        for _ in range(MAX_ANSWERS):
            outbox.put(Refused("code", "No."))
        async with asyncio.TaskGroup() as group:
            room = group.create_task(outbox.room())
            await asyncio.sleep(0)
            assert not room.done()
            await outbox.next()
        assert room.done()

    play(script)


def test_a_closed_outbox_is_not_woken() -> None:
    async def script() -> None:
        store = await a_store()
        one, two = Outbox(store, "s", 0), Outbox(store, "s", 0)
        one.close()
        await store.record("s", painted(0))
        assert len(await drained(two)) == 1
        two.close()

    play(script)
