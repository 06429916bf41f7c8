"""The catalogue in the package."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest

from engine.checkpoints.kinds import FAMILIES
from engine.downloads.catalogue import Offered, offered, unknown, with_needs

CATALOGUE = offered()
WANTED = {
    *("sd15", "sd15-inpaint", "sdxl", "sdxl-inpaint", "sdxl-lightning"),
    *("flux2-klein-4b", "z-image-turbo", "qwen-image-edit"),
    *("kandinsky22-prior", "kandinsky22", "kandinsky22-inpaint"),
    *("clip-base", "clip-large", "taesd", "taesdxl", "taesd3", "taef1", "taef2"),
    *("realesrgan-x4", "ultrasharp-x4", "safety-checker"),
}


def test_what_painters_ask_for_is_in_it() -> None:
    assert set(CATALOGUE) >= WANTED


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=CATALOGUE)
def test_every_entry_says_what_one_has_to_know(entry: Offered) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*", entry.name)
    assert entry.title
    assert entry.good_at.endswith(".")
    assert entry.licence.url.startswith("https://")
    assert 0 < entry.size_gb < 100
    assert 0 < entry.memory_gb < 100
    assert bool(entry.repository) == bool(entry.files)
    assert entry.repository or entry.needs
    assert all(name in CATALOGUE for name in entry.needs)
    assert not entry.family or FAMILIES[entry.architecture] == entry.family


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=CATALOGUE)
def test_no_hash_or_commit_is_written_down(entry: Offered) -> None:
    assert not re.search(r"\b[0-9a-f]{40}\b|\b[0-9a-f]{64}\b", repr(entry))


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=CATALOGUE)
def test_no_pattern_asks_for_what_can_run(entry: Offered) -> None:
    for bad in ("x.py", "x.bin", "x.ckpt", "evil.sh"):
        assert not any(fnmatchcase(bad, pattern) for pattern in entry.files)


def test_needs_come_first_and_once() -> None:
    both = Offered(**{**_fields(CATALOGUE["kandinsky22"]), "needs": ("kandinsky22-prior",) * 2})
    assert [one.name for one in with_needs(both, CATALOGUE)] == ["kandinsky22-prior", "kandinsky22"]
    assert "previews" not in [one.name for one in with_needs(CATALOGUE["previews"], CATALOGUE)]


def test_a_name_far_from_all_gets_all() -> None:
    assert "sd15, sd15-inpaint" in str(unknown("zzzzzz", CATALOGUE))
    assert "Near it are: sdxl" in str(unknown("SDXL1", CATALOGUE))


def _fields(entry: Offered) -> dict[str, object]:
    return {name: getattr(entry, name) for name in Offered.__dataclass_fields__}
