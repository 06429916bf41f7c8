"""The painter at the keyboard: xdotool, and eyes on the screen's memory. Runs beside the scenario.

While our window is open, the call of our procedure blocks the scenario's main thread; a painter's
hands are therefore a thread that never calls GIMP.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

SCREEN = Path(os.environ.get("MAHLSTICK_SCREEN", ""))
OUT = Path(os.environ["MAHLSTICK_OUT"])
IDLE = "Mahlstick: Fill Selection$"
BUSY = "Mahlstick: Fill Selection .painting.$"
PANEL = "^Mahlstick$"
PANEL_BUSY = "^Mahlstick .painting.$"
IMAGE = "GIMP$"
PATIENCE_S = 240.0
STEADY_S = 0.5
MARK = b"\xff\x00\xff"  # magenta, blue first, as the screen has it


class Hands(threading.Thread):
    """Plays a function beside the main thread; `finish` waits and raises what it raised."""

    def __init__(self, play: Callable[[], None]) -> None:
        super().__init__(name="hands", daemon=True)
        self._play = play
        self._fault: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._play()
        except BaseException as fault:  # noqa: BLE001 - handed to the scenario
            self._fault = fault
            press("Escape")

    def finish(self) -> None:
        self.join()
        if self._fault is not None:
            raise self._fault


def window(title: str) -> str:
    """The id of a visible window whose title matches, as soon as there is one."""
    return wait_for(lambda: _search(title), f"a window called {title}")


def is_open(title: str) -> bool:
    """Whether a window of this title is on the screen."""
    return bool(_search(title))


def count(title: str) -> int:
    """How many windows of this title are on the screen."""
    return len(_found(title))


def focus(title: str) -> None:
    """Give a window the keyboard and wait until nobody takes it away: GIMP presents new ones."""
    end, since, wanted = time.monotonic() + PATIENCE_S, 0.0, window(title)
    while not since or time.monotonic() - since < STEADY_S:
        assert time.monotonic() < end, f"{title} does not keep the keyboard"
        if _active() != wanted:
            _xdotool("windowactivate", wanted)
            since = 0.0
        elif not since:
            since = time.monotonic()
        time.sleep(0.05)


def press(*keys: str) -> None:
    """Press keys in the window that has the keyboard."""
    _xdotool("key", "--delay", "40", *keys)


def type_text(text: str) -> None:
    """Type into the window that has the keyboard."""
    _xdotool("type", "--delay", "15", text)


def close(title: str) -> None:
    """Close a window by its key, and see it go."""
    focus(title)
    press("ctrl+w")
    wait_for(lambda: not is_open(title), f"the window {title} closed")


def place(title: str, left: int, top: int, size: tuple[int, int] | None = None) -> None:
    """Move a window, and give it a size."""
    found = window(title)
    _xdotool("windowmove", found, str(left), str(top))
    if size:
        _xdotool("windowsize", found, str(size[0]), str(size[1]))


def wait_for(look: Callable[[], object], what: str) -> str:
    """What `look` returns as soon as it is true."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        seen = look()
        if seen:
            return str(seen)
        time.sleep(0.03)
    raise AssertionError(f"waited in vain for {what}")


def mark() -> tuple[int, int]:
    """Where the middle of the magenta mark is on the screen."""
    width, height, stride, screen = _screen()
    found = []
    for y in range(height):
        row = screen[y * stride : y * stride + 4 * width]
        at = row.find(MARK)
        while at >= 0:
            if at % 4 == 0:
                found.append((at // 4, y))
            at = row.find(MARK, at + 1)
    if len(found) < 100:
        return (0, 0)
    return (
        sorted(x for x, _ in found)[len(found) // 2],
        sorted(y for _, y in found)[len(found) // 2],
    )


def colour(at: tuple[int, int]) -> tuple[int, int, int]:
    """The red, green and blue on the screen."""
    _, _, stride, rows = _screen()
    blue, green, red = rows[at[1] * stride + 4 * at[0] :][:3]
    return (red, green, blue)


def photograph(name: str) -> None:
    """Keep what is on the screen now."""
    shutil.copy(SCREEN, OUT / f"{name}.xwd")


def _screen() -> tuple[int, int, int, bytes]:
    data = SCREEN.read_bytes()
    header = struct.unpack(">25I", data[:100])
    start = header[0] + 12 * header[19]
    return header[4], header[5], header[12], data[start:]


def _search(title: str) -> str:
    return next(iter(_found(title)), "")


def _found(title: str) -> list[str]:
    told = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--name", title],
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.split()


def _active() -> str:
    """The id of the window that has the keyboard."""
    asked = ["xdotool", "getactivewindow"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def _xdotool(*words: str) -> None:
    subprocess.run(["xdotool", *words], check=True, capture_output=True)
