"""Links: signed, and good for a while."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bridge.transports.openai.failures import ApiError
from bridge.transports.openai.links import Links, emptied


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def opened(links: Links, link: str) -> Path:
    parts = urlsplit(link)
    query = parse_qs(parts.query)
    name = parts.path.removeprefix("/f/")
    return Path(links.response(name, query["expires"][0], query["signature"][0]).path)


def test_a_link_ends_with_its_time_and_its_file_with_it(tmp_path: Path) -> None:
    clock = Clock()
    links = Links(emptied(tmp_path), "/f/", 60.0, clock)
    link = asyncio.run(links.put(b"pixels", "png"))
    assert opened(links, link).read_bytes() == b"pixels"
    clock.now += 61
    with pytest.raises(ApiError, match="past its time") as raised:
        opened(links, link)
    assert raised.value.status == 410
    links.sweep()
    assert not list(tmp_path.iterdir())


def test_a_link_of_another_bridge_is_none_here(tmp_path: Path) -> None:
    blobs = emptied(tmp_path)
    link = asyncio.run(Links(blobs, "/f/", 60.0).put(b"pixels", "png"))
    with pytest.raises(ApiError, match="not signed") as raised:
        opened(Links(blobs, "/f/", 60.0), link)
    assert raised.value.status == 403


def test_the_files_of_an_earlier_bridge_are_removed(tmp_path: Path) -> None:
    asyncio.run(Links(emptied(tmp_path), "/f/", 60.0).put(b"pixels", "png"))
    assert list(tmp_path.iterdir())
    emptied(tmp_path)
    assert not list(tmp_path.iterdir())
