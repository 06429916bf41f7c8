"""Links: signed, and good for a while."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bridge.transports.openai.failures import ApiError
from bridge.transports.openai.links import KEY, Links, emptied, folder_of, key_in

KEYS = (b"k" * 32, b"j" * 32)


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
    links = Links(emptied(tmp_path), KEYS[0], "/f/", 60.0, clock)
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
    link = asyncio.run(Links(blobs, KEYS[0], "/f/", 60.0).put(b"pixels", "png"))
    with pytest.raises(ApiError, match="not signed") as raised:
        opened(Links(blobs, KEYS[1], "/f/", 60.0), link)
    assert raised.value.status == 403


def test_a_link_outlives_its_bridge_but_not_its_time(tmp_path: Path) -> None:
    clock = Clock()
    folder, key = tmp_path / "links", key_in(tmp_path)
    assert stat.S_IMODE((tmp_path / KEY).stat().st_mode) == 0o600
    first = Links(folder_of(folder), key, "/f/", 60.0, clock)
    link = asyncio.run(first.put(b"pixels", "png"))
    clock.now += 59
    again = Links(folder_of(folder), key_in(tmp_path), "/f/", 60.0, clock)
    assert opened(again, link).read_bytes() == b"pixels"
    clock.now += 2
    with pytest.raises(ApiError, match="past its time"):
        opened(again, link)
    Links(folder_of(folder), key_in(tmp_path), "/f/", 60.0, clock)
    assert not list(folder.iterdir())


def test_a_file_that_was_removed_by_hand_is_gone(tmp_path: Path) -> None:
    links = Links(emptied(tmp_path), KEYS[0], "/f/", 60.0)
    link = asyncio.run(links.put(b"pixels", "png"))
    emptied(tmp_path)
    with pytest.raises(ApiError) as raised:
        opened(links, link)
    assert raised.value.status == 410


def test_a_damaged_key_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / KEY).write_bytes(b"short")
    key = key_in(tmp_path)
    assert len(key) == 32
    assert key_in(tmp_path) == key
