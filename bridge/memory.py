"""Memory that was used for a picture goes back to the system when the picture is gone.

glibc learns from large blocks that are freed to keep later ones in its heaps, where small ones pin
them down: after a few layers a bridge of 50 MB holds 250. A fixed threshold keeps it from learning.
"""

from __future__ import annotations

import ctypes
import sys

_M_MMAP_THRESHOLD = -3  # malloc.h
_LARGE = 1 << 20  # bytes; blocks from here on are mapped and unmapped one by one


def return_large_blocks() -> None:
    """Make large blocks go back when they are freed; without effect where there is no glibc."""
    if not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE)
    except (OSError, AttributeError):
        return
