"""Which previews become partial images, and what a request hears of its job."""

from __future__ import annotations

import asyncio

import pytest

from bridge.store import Store
from bridge.timeline import StoredJob
from bridge.transports.openai.following import Following, Partials
from bridge.wire.messages import Finished, Picture, Preview, Started, Submit
from tests.bridge.painters import flat_started
from tests.bridge.talk import new_id

PICTURE = Picture(1, 1, "jpeg", b"x")


def preview(job: str, step: int, steps: int, candidate: int = 0) -> Preview:
    return Preview(0, job, candidate, step, steps, PICTURE)


@pytest.mark.parametrize(
    ("count", "steps", "expected"),
    [
        (0, 20, []),
        (1, 20, [10]),
        (2, 20, [7, 14]),
        (3, 20, [5, 10, 15]),
        (3, 4, [1, 2, 3]),
        (3, 2, [1]),
        (3, 1, []),
    ],
)
def test_partial_images_are_spread_evenly(count: int, steps: int, expected: list[int]) -> None:
    partials = Partials(count)
    taken = [step for step in range(1, steps + 1) if partials.takes(preview("j", step, steps))]
    assert taken == expected


def test_when_steps_were_missed_the_next_one_stands_for_them() -> None:
    partials = Partials(3)
    assert [step for step in (4, 8, 17, 18, 20) if partials.takes(preview("j", step, 20))] == [
        8,
        17,
    ]


def test_each_candidate_has_its_own_partial_images() -> None:
    partials = Partials(1)
    assert partials.takes(preview("j", 10, 20, candidate=0))
    assert partials.takes(preview("j", 10, 20, candidate=1))
    assert not partials.takes(preview("j", 11, 20, candidate=1))


def test_a_request_hears_all_of_its_job_and_nothing_of_others() -> None:
    mine, other = new_id(), new_id()

    async def heard() -> list[object]:
        store = Store()
        for job in (mine, other):
            await store.add_job(StoredJob("s", Submit(job, "generate"), "jpeg", 64, 0.0))
        with Following(store, "s", mine, 3) as following:
            for job in (mine, other):
                await store.record("s", flat_started(job, 1))
            for step in range(1, 5):  # all of them before anybody listens
                await store.record("s", preview(mine, step, 4))
                await store.record("s", preview(other, step, 4))
            await store.record("s", Finished(0, mine, [0], 1.0))
            assert await following.next(0.0) is not None
            return [await following.next(0.01) for _ in range(5)]

    told = asyncio.run(heard())
    assert [event.step for event in told if isinstance(event, Preview)] == [1, 2, 3]
    assert isinstance(told[3], Finished)
    assert told[4] is None
    assert Started not in map(type, told)  # it was heard before
