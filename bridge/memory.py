"""Memory that pictures took goes back to the system when they are gone, but not one by one.

A block that is mapped for one picture and unmapped after it costs a page fault every 4 KiB: twenty
times what copying the pixels costs. So blocks are kept and used again while there is work, and
given back in one go soon after: the pages inside the heap too, which small blocks pin down.
"""

from __future__ import annotations

import asyncio
import ctypes
import sys
from pathlib import Path

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h
_LARGEST = 1 << 30  # bytes; blocks up to here come from the heap
_EVERY_S = 1.0
_GROWN = 8 * 2**20  # bytes by which we grow before we look for something to give back
_STATM = Path("/proc/self/statm")


def keep_blocks() -> None:
    """Have freed blocks kept for the next picture; without effect where there is no glibc."""
    libc = _glibc()
    if libc is not None:
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGEST)
        libc.mallopt(_M_TRIM_THRESHOLD, _LARGEST)
        libc.mallopt(_M_ARENA_MAX, 1)  # two heaps would both be kept


def trim() -> None:
    """Give all unused memory back now; takes milliseconds in a large process."""
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


async def give_back(every_s: float = _EVERY_S) -> None:
    """Give unused memory back whenever some piled up, until cancelled."""
    if _glibc() is None:
        return
    least = _resident()
    while True:
        await asyncio.sleep(every_s)
        now = _resident()
        if now > least + _GROWN:
            await asyncio.to_thread(trim)
            now = least = _resident()
        least = min(least, now)


def _resident() -> int:
    """Return the bytes of this process that are in memory."""
    return int(_STATM.read_bytes().split()[1]) * 4096


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "malloc_trim") and hasattr(libc, "mallopt") else None
