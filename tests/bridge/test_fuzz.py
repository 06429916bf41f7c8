"""Thousands of hostile frames to one running bridge: no crash, no leak, nobody else notices."""

from __future__ import annotations

import asyncio
import logging
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from bridge.server import Parts, Ready, running
from bridge.wire.codec import decode, encode
from bridge.wire.connection import read_connection
from bridge.wire.messages import (
    SUBPROTOCOL,
    VERSION,
    Cancel,
    Fetch,
    Finished,
    Hello,
    Keep,
    Picture,
    Refused,
    Submit,
    Welcome,
)
from bridge.workers.inline import InlineWorker
from tests.bridge import talk
from tests.bridge.painters import FlatPainter
from tests.examples import share

HELLO = Hello(VERSION, "hostile", "6a1f6a1e-0000-4000-8000-000000000000")
PIXEL = Picture(1, 1, "rgba8", b"abcd")
JUNK = [b"null", b"[", b"{", b'"', b"-1", b"1e999", b"NaN", b"9" * 40, b"\xff", b"\\ud800", b"\0"]
PATIENCE_S = 60.0

words = st.text(max_size=20) | st.sampled_from(["", "slow", "wrong", "broken", "../../etc/passwd"])
names = st.uuids(version=4).map(str) | words
messages = st.one_of(
    st.builds(
        Submit,
        names,
        st.sampled_from(["generate", "inpaint", "vary"]),
        prompt=words.filter(lambda word: word != "slow"),
        image=st.none() | st.just(PIXEL),
        candidates=st.integers(0, 20),
        steps=st.none() | st.integers(-1, 5),
        width=st.none() | st.integers(-1, 64),
    ),
    st.builds(Cancel, names),
    st.builds(Keep, names, st.lists(st.integers(0, 3), max_size=2)),
    st.builds(Fetch, names),
    st.just(HELLO),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    frame = bytearray(encode(draw(messages)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(frame)))
        frame[at : at + draw(st.integers(0, 6))] = draw(
            st.binary(max_size=6) | st.sampled_from(JUNK)
        )
    return bytes(frame)


lying = st.builds(
    lambda length, rest: struct.pack("<I", length) + rest, st.integers(0, 2**32 - 1), st.binary()
)
frames = damaged() | st.binary(max_size=200) | lying | words


@dataclass
class Target:
    """A running bridge, and what it logged as faults."""

    ready: Ready
    token: str
    faults: list[logging.LogRecord]


class _Faults(logging.Handler):
    def __init__(self, faults: list[logging.LogRecord]) -> None:
        super().__init__(logging.ERROR)
        self.emit = faults.append


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    faults: list[logging.LogRecord] = []
    handler = _Faults(faults)
    logging.getLogger().addHandler(handler)
    settings = talk.settings_in(tmp_path_factory.mktemp("fuzz"), max_pending_jobs=10_000)
    parts = Parts(InlineWorker(FlatPainter()), offer=talk.OFFER)
    try:
        with running(settings, parts) as ready:
            token = read_connection(ready.connection_file).token
            yield Target(ready, token, faults)
    finally:
        logging.getLogger().removeHandler(handler)


async def said_to(target: Target, hello: bool, frame: bytes | str) -> tuple[list[Any], int | None]:
    """Return what a bridge answers to a frame, and the code it closes with, if it does."""
    heard: list[Any] = []
    async with connect(
        target.ready.url,
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        additional_headers={"Authorization": f"Bearer {target.token}"},
        compression=None,
        proxy=None,
        max_size=None,
    ) as socket:
        try:
            if hello:
                await socket.send(encode(HELLO))
                heard.append(decode(await _received(socket), "server"))
            await socket.send(frame)
            await socket.send(encode(Fetch()))  # answered last, unless the connection was closed
            while not heard or heard[-1].type != "history":
                heard.append(decode(await _received(socket), "server"))
        except ConnectionClosed as closed:
            return heard, closed.rcvd.code if closed.rcvd else None
    return heard, 1000


async def _received(socket: ClientConnection) -> bytes:
    async with asyncio.timeout(PATIENCE_S):
        received = await socket.recv()
    assert isinstance(received, bytes)
    return received


@share(0.5)
@given(hello=st.booleans(), frame=frames)
def test_a_hostile_frame_is_answered_or_closes_its_own_connection(
    target: Target, hello: bool, frame: bytes | str
) -> None:
    heard, code = asyncio.run(said_to(target, hello, frame))
    assert code in (1000, 1002, 1003, 1008, 1009), f"the connection ended with {code}"
    if hello:
        assert isinstance(heard[0], Welcome)
    if code != 1000:
        assert isinstance(heard[-1], Refused)
        assert heard[-1].fatal
        assert heard[-1].message.endswith(".")
    assert "Traceback" not in repr(heard)
    assert [record.getMessage() for record in target.faults if not _meant(record)] == []


def _meant(record: logging.LogRecord) -> bool:
    """Tell the fault that the prompt "broken" asks for."""
    return record.name == "bridge.workers.painting"


def test_after_all_of_it_the_bridge_is_as_it_was(target: Target) -> None:
    with talk.connect(target.ready) as client:
        assert isinstance(talk.paint(client, talk.a_submit())[-1], Finished)
        before = descriptors()
        for _ in range(20):
            asyncio.run(said_to(target, True, b"\xff\xff\xff\xff"))
        end = time.monotonic() + PATIENCE_S
        while descriptors() > before + 2:
            assert time.monotonic() < end, "connections are left open"
            time.sleep(0.05)
        assert isinstance(talk.paint(client, talk.a_submit())[-1], Finished)


def descriptors() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0
