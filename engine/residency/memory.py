"""How much memory is free: of a device, and of the machine.

Main memory is asked of the system itself, container limits included, as a process that takes more
than its container allows is killed without a word. `root` stands for `/` in tests.
"""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/")
UNKNOWN = 4 * 2**30  # bytes taken to be free where the system tells nothing
_PAGES = ("free", "inactive", "speculative", "purgeable")  # macOS: what can be had at once


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes that are free; `device` is 0 where painting is done in main memory."""

    main: int
    device: int = 0

    @property
    def has_device(self) -> bool:
        """Whether there is a device with memory of its own."""
        return self.device > 0


def free_memory(device: str) -> Memory:
    """Return what is free in main memory and, if it has memory of its own, on a torch device."""
    if device == "cpu":
        return Memory(main_free())
    return Memory(main_free(), free_bytes(device))


def free_bytes(device: str) -> int:
    """Return the bytes free for tensors on a torch device, what torch keeps unused included."""
    import torch

    kind = torch.device(device).type
    if kind == "cuda":  # AMD's ROCm too
        free, _ = torch.cuda.mem_get_info(device)
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return free + kept
    if kind == "xpu":
        free, _ = torch.xpu.mem_get_info(device)
        return free + torch.xpu.memory_reserved(device) - torch.xpu.memory_allocated(device)
    if kind == "mps":  # one memory for all; more than recommended slows the whole machine down
        advised = torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
        return max(0, min(advised, main_free()))
    return main_free()


def main_free(root: Path = ROOT) -> int:
    """Return the bytes of main memory that can be had without swapping."""
    if sys.platform == "win32":
        return _windows_free()
    if sys.platform == "darwin":
        return _macos_free()
    return _linux_free(root)


def _linux_free(root: Path) -> int:
    """Return what /proc/meminfo says, or less where a container allows less."""
    available = re.search(r"^MemAvailable:\s+(\d+) kB", _text(root / "proc/meminfo"), re.MULTILINE)
    machine = int(available[1]) * 1024 if available else UNKNOWN
    limits = [left for left in (_left_v2(root), _left_v1(root)) if left is not None]
    return max(0, min([machine, *limits]))


def _left_v2(root: Path) -> int | None:
    folder = root / "sys/fs/cgroup"
    return _left(folder, "memory.max", "memory.current", "inactive_file")


def _left_v1(root: Path) -> int | None:
    folder = root / "sys/fs/cgroup/memory"
    names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
    return _left(folder, *names)


def _left(folder: Path, limit: str, used: str, cached: str) -> int | None:
    """Return what a control group still allows; file cache it holds counts as free."""
    most, now = _text(folder / limit).strip(), _text(folder / used).strip()
    if not (most.isdigit() and now.isdigit()):
        return None  # no group, or "max"
    cache = re.search(rf"^{cached} (\d+)$", _text(folder / "memory.stat"), re.MULTILINE)
    return int(most) - int(now) + (int(cache[1]) if cache else 0)


def _windows_free() -> int:
    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "page", "free_page")),
            *((name, ctypes.c_ulonglong) for name in ("virtual", "free_virtual", "extended")),
        )

    status = Status()
    status.length = ctypes.sizeof(Status)
    windows = getattr(ctypes, "windll", None)
    if windows is None or not windows.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return UNKNOWN
    return int(status.free)


def _macos_free() -> int:
    try:
        told = subprocess.run(["/usr/bin/vm_stat"], capture_output=True, text=True, check=False)
    except OSError:
        return UNKNOWN
    return free_pages(told.stdout) or UNKNOWN


def free_pages(told: str) -> int:
    """Return the bytes that macOS's `vm_stat` counts as free or to be had at once."""
    size = re.search(r"page size of (\d+) bytes", told)
    counts = [re.search(rf"^Pages {kind}:\s+(\d+)\.", told, re.MULTILINE) for kind in _PAGES]
    return (int(size[1]) if size else 4096) * sum(int(found[1]) for found in counts if found)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
