"""Files to pixels and back, in a process of its own."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from PIL import Image

from bridge.blobs import Blobs
from bridge.errors import JobRefusedError, WorkerDiedError
from bridge.wire.messages import Rect
from bridge.workers.darkroom import Darkroom, Output, Under

T = TypeVar("T")


def with_darkroom(folder: Path, work: Callable[[Darkroom], Awaitable[T]]) -> T:
    async def run() -> T:
        darkroom = Darkroom(Blobs(folder))
        try:
            return await work(darkroom)
        finally:
            await darkroom.close()

    return asyncio.run(run())


def a_png(width: int = 6, height: int = 4) -> bytes:
    file = io.BytesIO()
    Image.new("RGBA", (width, height), (1, 2, 3, 255)).save(file, "PNG")
    return file.getvalue()


def test_an_upload_is_developed_and_printed_again(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)

    async def work(darkroom: Darkroom) -> bytes:
        developed = await darkroom.develop(a_png(), None, select=True)
        assert (developed.width, developed.height, developed.mask) == (6, 4, None)
        assert blobs.read(developed.canvas) == bytes((1, 2, 3, 255)) * 24
        patch = bytes((9, 9, 9, 255)) * 2
        under = Under(6, 4, developed.canvas)
        done = await darkroom.print(patch, Rect(5, 1, 1, 2), under, Output(), {})
        assert (done.width, done.height, done.transparent) == (6, 4, False)
        return done.content

    printed = np.asarray(Image.open(io.BytesIO(with_darkroom(tmp_path, work))))
    expected = np.full((4, 6, 3), (1, 2, 3), np.uint8)
    expected[1:3, 5] = 9
    assert (printed == expected).all()


def test_a_refused_upload_does_not_end_the_process(tmp_path: Path) -> None:
    async def work(darkroom: Darkroom) -> None:
        for _ in range(2):
            with pytest.raises(JobRefusedError, match="damaged") as raised:
                await darkroom.develop(b"nothing", None, select=False)
            assert raised.value.param == "image"
        assert (await darkroom.develop(a_png(), None, select=False)).width == 6

    with_darkroom(tmp_path, work)


def test_after_its_process_was_killed_the_next_order_is_served(tmp_path: Path) -> None:
    async def work(darkroom: Darkroom) -> None:
        await darkroom.wake()
        process = darkroom._process
        assert process is not None
        process.kill()
        with pytest.raises(WorkerDiedError):
            await darkroom.develop(a_png(), None, select=False)
        assert (await darkroom.develop(a_png(), None, select=False)).width == 6

    with_darkroom(tmp_path, work)


def test_an_order_that_is_given_up_spoils_no_other(tmp_path: Path) -> None:
    async def work(darkroom: Darkroom) -> None:
        await darkroom.wake()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await darkroom.develop(a_png(), None, select=False)
        assert (await darkroom.develop(a_png(3, 2), None, select=False)).width == 3

    with_darkroom(tmp_path, work)


def test_a_darkroom_that_rested_long_gives_its_memory_back(tmp_path: Path) -> None:
    now = [0.0]

    async def run() -> None:
        darkroom = Darkroom(Blobs(tmp_path), lambda: now[0])
        await darkroom.develop(a_png(), None, select=False)
        await darkroom.rest(60.0)
        assert darkroom._process is not None
        now[0] = 61.0
        await darkroom.rest(60.0)
        assert darkroom._process is None

    asyncio.run(run())
