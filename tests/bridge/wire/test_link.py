"""The link's threads against a real server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from bridge.wire.connection import Connection
from bridge.wire.controller import Happening, Offline, Online
from bridge.wire.errors import NO_BRIDGE, ConnectionFileError
from bridge.wire.layers import SMALLEST_BYTES
from bridge.wire.link import Link
from bridge.wire.messages import (
    Accepted,
    Cancel,
    Cancelled,
    Fetch,
    Hello,
    Limits,
    Picture,
    Refused,
    Submit,
    Welcome,
)

ServeScript = Callable[[Callable[[Any], object]], AbstractContextManager[Connection]]
HELLO = Hello(1, "test 1.0", "9d7c8a52-0000-4000-8000-000000000001")


@pytest.fixture
def link_to() -> Iterator[Callable[[Callable[[], Connection]], Link]]:
    """Start links that are closed, with every thread of theirs, at the end of the test."""
    links: list[Link] = []

    def start(find: Callable[[], Connection]) -> Link:
        links.append(Link(HELLO, find, retry_delays_s=(0.01,)))
        links[-1].start()
        return links[-1]

    yield start
    for link in links:
        link.close(10)
    deadline = time.monotonic() + 5
    while any(t.name.startswith("mahlstick") for t in threading.enumerate()):
        assert time.monotonic() < deadline, "a thread of the link stays"
        time.sleep(0.01)


LinkTo = Callable[[Callable[[], Connection]], Link]


def wait_for(link: Link, enough: Callable[[list[Happening]], object]) -> list[Happening]:
    """Return all that happened until it is enough."""
    seen: list[Happening] = []
    deadline = time.monotonic() + 20
    while not enough(seen):
        assert time.monotonic() < deadline, seen
        seen += link.poll()
        time.sleep(0.002)
    return seen


def of_type(*kinds: type) -> Callable[[list[Happening]], bool]:
    """Say whether there is one of each kind."""
    return lambda seen: all(any(isinstance(h, kind) for h in seen) for kind in kinds)


def test_messages_go_both_ways(serve_script: ServeScript, link_to: LinkTo) -> None:
    def script(peer: Any) -> None:
        peer.welcome()
        peer.write(Cancelled(1, peer.read().job))
        peer.read()

    with serve_script(script) as connection:
        link = link_to(lambda: connection)
        (online,) = wait_for(link, of_type(Online))
        assert isinstance(online, Online)
        assert online.epoch == 1
        link.send(Cancel("a"), 1)
        assert wait_for(link, of_type(Cancelled)) == [Cancelled(1, "a")]
        link.close()


def test_a_lost_connection_is_opened_again_from_the_last_event(
    serve_script: ServeScript, link_to: LinkTo
) -> None:
    hellos: list[Hello] = []

    def script(peer: Any) -> None:
        first = not hellos
        hellos.append(peer.welcome(_welcome(7 if not first else 0)))
        if first:
            peer.write(Accepted(7, "a", 0), Accepted(6, "b", 0))
        else:
            peer.read()

    with serve_script(script) as connection:
        link = link_to(lambda: connection)
        seen = wait_for(link, lambda seen: sum(isinstance(h, Online) for h in seen) == 2)
        link.close()
    assert [type(h).__name__ for h in seen] == [
        "Online",
        "Accepted",
        "Accepted",
        "Offline",
        "Online",
    ]
    assert [hello.resume for hello in hellos] == [None, 7]


def test_a_bridge_that_counts_anew_is_asked_from_the_start(
    serve_script: ServeScript, link_to: LinkTo
) -> None:
    hellos: list[Hello] = []

    def script(peer: Any) -> None:
        hellos.append(peer.welcome(_welcome(0)))
        if len(hellos) == 1:
            peer.write(Accepted(7, "a", 0))
        elif len(hellos) > 2:
            peer.read()

    with serve_script(script) as connection:
        link = link_to(lambda: connection)
        wait_for(link, lambda seen: sum(isinstance(h, Online) for h in seen) == 3)
        link.close()
    assert [hello.resume for hello in hellos] == [None, 7, 0]


def test_what_was_before_the_first_connection_is_never_asked_for(
    serve_script: ServeScript, link_to: LinkTo
) -> None:
    hellos: list[Hello] = []

    def script(peer: Any) -> None:
        hellos.append(peer.welcome(_welcome(5)))
        if len(hellos) > 1:
            peer.read()

    with serve_script(script) as connection:
        link = link_to(lambda: connection)
        wait_for(link, lambda seen: sum(isinstance(h, Online) for h in seen) == 2)
        link.close()
    assert [hello.resume for hello in hellos] == [None, 5]


def _welcome(seq: int) -> Welcome:
    return Welcome(1, "test", Limits(1, 1, 1, 1, 1), [], [], [], seq)


def test_a_missing_bridge_is_told_once_and_found_when_it_comes(
    serve_script: ServeScript, link_to: LinkTo
) -> None:
    found: list[Connection] = []
    tries = []

    def find() -> Connection:
        tries.append(1)
        if not found:
            raise ConnectionFileError(NO_BRIDGE, "No bridge is running.")
        return found[0]

    def script(peer: Any) -> None:
        peer.welcome()
        peer.read()

    link = link_to(find)
    deadline = time.monotonic() + 10
    while len(tries) < 5:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    with serve_script(script) as connection:
        found.append(connection)
        seen = wait_for(link, of_type(Online))
        link.close()
    assert seen[:-1] == [Offline(NO_BRIDGE, "No bridge is running.")]


def test_a_message_for_an_earlier_connection_is_dropped(
    serve_script: ServeScript, link_to: LinkTo
) -> None:
    read: list[object] = []

    def script(peer: Any) -> None:
        peer.welcome()
        read.append(peer.read())

    with serve_script(script) as connection:
        link = link_to(lambda: connection)
        wait_for(link, of_type(Online))
        link.send(Cancel("before"), 0)
        link.send(Cancel("now"), 1)
        wait_for(link, of_type(Offline))
        link.close()
    assert read == [Cancel("now")]


def test_closing_sends_what_was_asked_before(serve_script: ServeScript, link_to: LinkTo) -> None:
    read: list[object] = []
    over = threading.Event()

    def script(peer: Any) -> None:
        peer.welcome()
        read.extend([peer.read(), peer.read()])
        over.set()

    with serve_script(script) as connection:
        link = link_to(lambda: connection)
        wait_for(link, of_type(Online))
        link.send(Cancel("a"), 1)
        link.send(Fetch("b"), 1)
        link.close()
        assert over.wait(10)
    assert read == [Cancel("a"), Fetch("b")]
    assert not [h for h in link.poll() if isinstance(h, Offline)]


def test_our_own_illegal_message_is_told_as_refused(
    serve_script: ServeScript, link_to: LinkTo
) -> None:
    def script(peer: Any) -> None:
        peer.welcome()
        peer.read()

    with serve_script(script) as connection:
        link = link_to(lambda: connection)
        wait_for(link, of_type(Online))
        link.send(Submit("a", "vary", image=Picture(9000, 1, "gray8", b"x")), 1)
        (refused,) = wait_for(link, of_type(Refused))
        link.close()
    assert isinstance(refused, Refused)
    assert (refused.param, refused.job) == ("image.width", "a")


def test_an_illegal_message_of_the_bridge_ends_the_connection_not_the_link(
    serve_script: ServeScript, link_to: LinkTo
) -> None:
    count = []

    def script(peer: Any) -> None:
        peer.welcome()
        count.append(1)
        if len(count) == 1:
            peer.socket.send(b"junk")
        peer.read()

    with serve_script(script) as connection:
        link = link_to(lambda: connection)
        seen = wait_for(link, lambda seen: sum(isinstance(h, Online) for h in seen) == 2)
        link.close()
    offline = seen[1]
    assert isinstance(offline, Offline)
    assert offline.code == "bad_message"


def test_a_fault_of_ours_is_told_and_does_not_end_the_link(
    serve_script: ServeScript, link_to: LinkTo
) -> None:
    faults = [ZeroDivisionError("a fault")]

    def script(peer: Any) -> None:
        peer.welcome()
        peer.read()

    with serve_script(script) as connection:

        def find() -> Connection:
            if faults:
                raise faults.pop()
            return connection

        link = link_to(find)
        offline, online = wait_for(link, of_type(Online))
        link.close()
    assert isinstance(offline, Offline)
    assert offline.code == "internal"
    assert isinstance(online, Online)


def test_a_large_layer_crosses_once_until_the_bridge_lets_it_go(
    serve_script: ServeScript, link_to: LinkTo
) -> None:
    sizes: list[int] = []

    def script(peer: Any) -> None:
        peer.welcome()
        for number in range(3):
            sizes.append(len(peer.read().image.data))
            if number == 1:
                peer.write(Refused("unknown_picture", "Not kept.", job="b"))
        peer.write(Accepted(1, "c", 0))
        peer.read()

    side = 256
    assert side * side >= SMALLEST_BYTES
    image = Picture(side, side, "gray8", bytes(side * side))
    with serve_script(script) as connection:
        link = link_to(lambda: connection)
        wait_for(link, of_type(Online))
        link.send(Submit("a", "vary", image=image), 1)
        link.send(Submit("b", "vary", image=image), 1)
        wait_for(link, of_type(Refused))
        link.send(Submit("c", "vary", image=image), 1)
        wait_for(link, of_type(Accepted))
        link.close()
    assert sizes == [side * side, 0, side * side]


def test_closing_a_link_that_never_connected_is_quick_and_quiet(link_to: LinkTo) -> None:
    def find() -> Connection:
        raise ConnectionFileError(NO_BRIDGE, "No bridge is running.")

    link = link_to(find)
    wait_for(link, of_type(Offline))
    link.close()
    link.close()
