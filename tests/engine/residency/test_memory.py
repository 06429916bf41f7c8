"""How much memory is free, as each system tells it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.residency.memory import UNKNOWN, Memory, free_memory, free_pages, main_free

GIB = 2**30
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's files")


def machine(root: Path, **files: str) -> Path:
    names = {"meminfo": "proc/meminfo"}
    for name, text in files.items():
        path = root / names.get(name, f"sys/fs/cgroup/{name.replace('__', '/')}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


MEMINFO = "MemTotal:       16777216 kB\nMemFree:         100 kB\nMemAvailable:    8388608 kB\n"


@linux
def test_linux_tells_what_can_be_had(tmp_path: Path) -> None:
    assert main_free(machine(tmp_path, meminfo=MEMINFO)) == 8 * GIB


@linux
def test_a_system_that_tells_nothing_has_some(tmp_path: Path) -> None:
    assert main_free(tmp_path) == UNKNOWN


@linux
def test_a_container_that_allows_less_counts(tmp_path: Path) -> None:
    root = machine(
        tmp_path,
        meminfo=MEMINFO,
        **{
            "memory.max": f"{3 * GIB}\n",
            "memory.current": f"{2 * GIB}\n",
            "memory.stat": f"anon 5\ninactive_file {GIB}\nfile 7\n",
        },
    )
    assert main_free(root) == 2 * GIB, "file cache is given back when it is needed"


@linux
@pytest.mark.parametrize(("limit", "free"), [("max\n", 8 * GIB), (f"{1 * GIB}\n", 0)])
def test_a_container_without_a_limit_or_with_nothing_left(
    tmp_path: Path, limit: str, free: int
) -> None:
    root = machine(
        tmp_path,
        meminfo=MEMINFO,
        **{"memory.max": limit, "memory.current": f"{2 * GIB}\n"},
    )
    assert main_free(root) == free


@linux
def test_older_control_groups_count_too(tmp_path: Path) -> None:
    root = machine(
        tmp_path,
        meminfo=MEMINFO,
        memory__memory__limit_in_bytes="",
        **{
            "memory/memory.limit_in_bytes": f"{5 * GIB}",
            "memory/memory.usage_in_bytes": f"{1 * GIB}",
        },
    )
    assert main_free(root) == 4 * GIB


def test_macos_counts_its_pages() -> None:
    told = (
        "Mach Virtual Memory Statistics: (page size of 16384 bytes)\n"
        "Pages free:                               10000.\n"
        "Pages active:                            400000.\n"
        "Pages inactive:                            2000.\n"
        "Pages speculative:                          300.\n"
        "Pages purgeable:                             40.\n"
    )
    assert free_pages(told) == 16384 * 12340
    assert free_pages("") == 0


def test_the_processor_has_no_memory_of_its_own() -> None:
    free = free_memory("cpu")
    assert free.main > 0
    assert not free.has_device
    assert Memory(1, 2).has_device
