"""One file over a network that breaks, lies and refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.downloads.addresses import Reach
from engine.downloads.transfer import ATTEMPTS, Means, Transfer, transferred
from engine.errors import DownloadError
from tests.engine.downloads.hub_server import HubServer, hub_server, weights

CONTENT = weights(7, 300_000)
PATH = "/file.safetensors"


@pytest.fixture
def server() -> Iterator[HubServer]:
    with hub_server() as hub:
        hub.files[PATH] = CONTENT
        hub.headers[PATH] = {"etag": '"one"'}
        yield hub


class Line:
    """Transfers from a server into a part of this test."""

    def __init__(self, server: HubServer, folder: Path) -> None:
        self.server, self.part = server, folder / "file.part"
        self.rested: list[float] = []

    def transfer(self, **told: Any) -> Transfer:
        means = Means(rest=self.rested.append)
        denied = DownloadError("token", "Who are you?")
        reach = Reach(frozenset({f"127.0.0.1:{self.server.port}"}))
        usual: dict[str, Any] = {"size": len(CONTENT), "means": means, "reach": reach}
        address = self.server.url + PATH
        return Transfer(address, "it", self.part, denied=lambda: denied, **{**usual, **told})

    def run(self, **told: Any) -> list[int]:
        return list(transferred(self.transfer(**told)))

    def ranges(self) -> list[str | None]:
        return [headers.get("range") for headers in self.server.requests(PATH)]


@pytest.fixture
def line(server: HubServer, tmp_path: Path) -> Line:
    return Line(server, tmp_path / "parts")


def test_bytes_arrive_in_order_and_are_counted(line: Line) -> None:
    counts = line.run()
    assert counts == sorted(counts)
    assert counts[-1] == len(CONTENT)
    assert line.part.read_bytes() == CONTENT
    assert line.rested == []


def test_what_is_there_is_not_asked_for_again(line: Line) -> None:
    line.part.parent.mkdir()
    line.part.write_bytes(CONTENT)
    assert line.run() == []
    assert line.server.asked == []


def test_an_empty_file_is_made(line: Line) -> None:
    line.server.files[PATH] = b""
    assert line.run(size=0) == []
    assert line.part.read_bytes() == b""


def test_a_broken_line_is_taken_up_where_it_broke(line: Line) -> None:
    line.server.cut_after = [100_000, 50_000]
    line.run(validator='"one"')
    assert line.part.read_bytes() == CONTENT
    assert line.ranges() == [None, "bytes=100000-", "bytes=150000-"]
    assert [asked.get("if-range") for asked in line.server.requests(PATH)][1:] == ['"one"'] * 2


def test_a_server_without_ranges_begins_anew(line: Line) -> None:
    line.server.cut_after = [100_000]
    line.server.ranges = False
    line.run()
    assert line.part.read_bytes() == CONTENT


def test_another_edition_is_not_joined_to_the_first(line: Line) -> None:
    line.part.parent.mkdir()
    line.part.write_bytes(b"of an older edition")
    line.run(validator='"older"')
    assert line.part.read_bytes() == CONTENT


def test_a_part_longer_than_the_file_is_thrown_away(line: Line) -> None:
    line.part.parent.mkdir()
    line.part.write_bytes(CONTENT + b"more")
    line.run()
    assert line.part.read_bytes() == CONTENT


def test_a_busy_server_is_asked_again_later_and_later(line: Line) -> None:
    line.server.statuses = [503, 429, 500]
    line.run()
    assert line.part.read_bytes() == CONTENT
    assert line.rested == [1.0, 2.0, 4.0]


def test_patience_ends(line: Line) -> None:
    line.server.statuses = [503] * ATTEMPTS
    with pytest.raises(DownloadError) as caught:
        line.run()
    assert caught.value.reason == "unreachable"
    assert len(line.rested) == ATTEMPTS - 1


@pytest.mark.parametrize(
    ("status", "reason"), [(401, "token"), (403, "token"), (404, "unknown"), (418, "unreachable")]
)
def test_a_refusal_is_told_at_once(line: Line, status: int, reason: str) -> None:
    line.server.statuses = [status]
    with pytest.raises(DownloadError) as caught:
        line.run()
    assert caught.value.reason == reason
    assert line.rested == []


def test_another_size_than_stated_is_refused(line: Line) -> None:
    with pytest.raises(DownloadError, match="should have 1000 bytes") as caught:
        line.run(size=1000)
    assert caught.value.reason == "hash"
    assert not line.part.exists()


def test_a_folder_that_cannot_be_written_is_a_sentence(line: Line) -> None:
    line.part.parent.write_text("a file where a folder should be")
    with pytest.raises(DownloadError, match="models_dir") as caught:
        line.run()
    assert caught.value.reason == "disk"


def test_the_token_is_in_no_repr(line: Line) -> None:
    assert "geheim" not in repr(line.transfer(token="geheim"))
