"""The lock file."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.downloads.catalogue import Licence
from engine.downloads.pins import FILE, Ledger, Pin, PinnedFile, changing, claimed, read_ledger
from engine.errors import DownloadError

MIT = Licence("MIT", "https://example.com/mit", "MIT")
PIN = Pin("hf:a/b", "main", "c" * 40, MIT, "2026-11-21T10:00:00Z", {"x": PinnedFile(3, "d" * 64)})


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    assert read_ledger(tmp_path) == Ledger()
    with changing(tmp_path) as held:
        held[0] = held[0].with_pin("tiny", PIN).accepting(MIT)
    found = read_ledger(tmp_path)
    assert dict(found.pins) == {"tiny": PIN}
    assert found.accepts(MIT)
    assert not found.accepts(Licence("MIT", "https://example.com/other"))
    assert found.without("tiny").pins == {}


def test_a_licence_keeps_the_day_it_was_first_accepted(tmp_path: Path) -> None:
    with changing(tmp_path) as held:
        held[0] = Ledger(licences={"MIT <https://example.com/mit>": "2020"}).accepting(MIT)
    assert list(read_ledger(tmp_path).licences.values()) == ["2020"]


def test_an_error_on_the_way_writes_nothing(tmp_path: Path) -> None:
    def failing() -> None:
        with changing(tmp_path) as held:
            held[0] = held[0].with_pin("tiny", PIN)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert not (tmp_path / FILE).exists()


def test_changes_of_two_threads_are_both_kept(tmp_path: Path) -> None:
    def pin(name: str) -> None:
        with changing(tmp_path) as held:
            held[0] = held[0].with_pin(name, PIN)

    threads = [threading.Thread(target=pin, args=(f"model-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_ledger(tmp_path).pins) == 8


def test_a_claim_is_of_one_and_given_back(tmp_path: Path) -> None:
    with claimed(tmp_path, "tiny"):
        with pytest.raises(DownloadError) as caught, claimed(tmp_path, "tiny"):
            pass
        with claimed(tmp_path, "other"):
            pass
    assert caught.value.reason == "busy"
    with claimed(tmp_path, "tiny"):
        pass


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DownloadError) as caught, claimed(tmp_path / "file", "tiny"):
        pass
    assert caught.value.reason == "disk"
