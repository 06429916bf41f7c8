"""Which graphics cards a machine has, asked of the system, and whether torch here can use them.

The commonest reason for slow painting is a torch that was built without the card's library: it
cannot say so itself, as it does not know that there is a card. `root` stands for `/` in tests.
"""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Literal

Maker = Literal["NVIDIA", "AMD", "Intel", "Apple"]
BUILDS: dict[Maker, str] = {"NVIDIA": "CUDA", "AMD": "ROCm", "Intel": "XPU", "Apple": "macOS"}
SELECTOR = "https://pytorch.org/get-started/locally/"
_VENDORS: dict[str, Maker] = {"0x10de": "NVIDIA", "0x1002": "AMD", "0x8086": "Intel"}
_WORDS: dict[str, Maker] = {"nvidia": "NVIDIA", "radeon": "AMD", "amd": "AMD", "intel": "Intel"}
_DISPLAY = "0x03"  # the class of PCI devices that draw
_ANY = "a graphics card"
_ADAPTERS = r"SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}"
_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Card:
    """A graphics card."""

    maker: Maker
    name: str


@dataclass(frozen=True, slots=True)
class Build:
    """What torch can do: the library it was built for (CUDA, ROCm, XPU, macOS or CPU)."""

    version: str
    library: str
    usable: str = ""  # the name of the device that it computes on, none: empty


def cards(root: Path = Path("/")) -> tuple[Card, ...]:
    """Return the graphics cards of this machine, those that compute best first."""
    if sys.platform == "darwin":
        return (Card("Apple", f"Apple {platform.machine()}"),) if _is_apple() else ()
    found = list(_windows() if sys.platform == "win32" else _linux(root))
    order = list(BUILDS)
    return tuple(sorted(dict.fromkeys(found), key=lambda card: order.index(card.maker)))


def torch_build() -> Build:
    """Return what the installed torch was built for, and what it can use; imports torch."""
    import torch

    library = "CUDA" if torch.version.cuda else "ROCm" if torch.version.hip else "CPU"
    if library == "CPU" and torch.xpu._is_compiled():
        library = "XPU"
    if library == "CPU" and torch.backends.mps.is_built():
        library = "macOS"
    usable = ""
    if torch.cuda.is_available():
        usable = torch.cuda.get_device_name(0)
    elif torch.xpu.is_available():
        usable = torch.xpu.get_device_name(0)
    elif torch.backends.mps.is_available():
        usable = f"Apple {platform.machine()}"
    return Build(torch.__version__, library, usable)


def advised(found: Sequence[Card], build: Build) -> tuple[str, str] | None:
    """Return what is there and what to do about it (empty: nothing); None without any card."""
    if build.usable:
        return f"{build.usable}, through {build.library}", ""
    if not found:
        return None
    card = found[0]
    needs = BUILDS[card.maker]
    if build.library == needs:
        return (
            f"{card.name}, but torch {build.version} cannot reach it",
            f"Install or update the {card.maker} driver: torch's {needs} library does not find it.",
        )
    what = "a CPU build" if build.library == "CPU" else f"built for {build.library}"
    return (
        f"{card.name}, but torch {build.version} is {what} and cannot use it",
        f"Install torch for {needs}: choose {needs} at {SELECTOR} and run the command it shows.",
    )


def _linux(root: Path) -> Iterator[Card]:
    for told in sorted((root / "proc/driver/nvidia/gpus").glob("*/information")):
        name = re.search(r"^Model:\s+(.+)$", _text(told), re.MULTILINE)
        yield Card("NVIDIA", name[1].strip() if name else f"{_ANY} by NVIDIA")
    seen = (root / "proc/driver/nvidia/gpus").is_dir()
    for device in sorted((root / "sys/class/drm").glob("card[0-9]*/device")):
        maker = _VENDORS.get(_text(device / "vendor").strip().lower())
        draws = _text(device / "class").strip().startswith(_DISPLAY)
        if maker is not None and draws and not (maker == "NVIDIA" and seen):
            yield Card(maker, f"{_ANY} by {maker}")
    if (root / "dev/dxg").exists() and not seen:  # Windows' subsystem for Linux
        yield from _from_tool("nvidia-smi")
    if (root / "dev/kfd").exists():
        yield Card("AMD", f"{_ANY} by AMD")


def _from_tool(command: str) -> Iterator[Card]:
    try:
        # Looked up on the path, as where it lies depends on the system.
        ran = subprocess.run(  # noqa: S603
            [command, "-L"], capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return
    for name in re.findall(r"^GPU \d+: (.+?) \(UUID", ran.stdout, re.MULTILINE):
        yield Card("NVIDIA", name)


def _windows() -> Iterator[Card]:
    """Yield the display adapters that the registry lists."""
    winreg = import_module("winreg")
    names: list[str] = []
    with suppress(OSError), winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _ADAPTERS) as adapters:
        for number in range(winreg.QueryInfoKey(adapters)[0]):
            with suppress(OSError), winreg.OpenKey(adapters, f"{number:04}") as adapter:
                names.append(str(winreg.QueryValueEx(adapter, "DriverDesc")[0]))
    yield from named(names)


def named(names: Sequence[str]) -> Iterator[Card]:
    """Yield the cards whose makers their names tell."""
    for name in names:
        makers: list[Maker] = [maker for word, maker in _WORDS.items() if word in name.lower()]
        if makers:
            yield Card(makers[0], name)


def _is_apple() -> bool:
    return platform.machine() == "arm64"


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
