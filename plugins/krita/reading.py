"""A picture read in strips, one a turn of Krita's event loop, so that no turn takes long."""

from __future__ import annotations

from dataclasses import dataclass

from .colours import Colours
from .libkis import Selection
from .protocol import Rect

STRIP_BYTES = 2 << 20  # of BGRA8 in one strip: 1 ms of copying here, 2 to 4 of Krita's own


@dataclass(frozen=True)
class Scene:
    """What is sent of a document: BGRA of `region` (canvas space) and the selection there."""

    region: Rect
    pixels: bytes
    mask: bytes | None


class Reading:
    """The picture of a region, and the selection in it, as they come strip by strip."""

    def __init__(self, region: Rect, colours: Colours, selection: Selection | None) -> None:
        self.region = region
        self.strips = 0
        self._colours = colours
        self._selection = selection
        self._pixels: list[bytes] = []
        self._mask: list[bytes] = []
        self._row = 0

    @property
    def done(self) -> bool:
        """Whether everything was read."""
        return self._row >= self.region.height

    def step(self) -> int:
        """Read one more strip; return how many bytes of pixels it had, never over `STRIP_BYTES`."""
        region = self.region
        rows = max(1, STRIP_BYTES // (4 * region.width))
        strip = Rect(
            region.left, region.top + self._row, region.width, min(rows, region.height - self._row)
        )
        self._pixels.append(self._colours.read(strip))
        if self._selection is not None:
            place = (strip.left, strip.top, strip.width, strip.height)
            self._mask.append(bytes(self._selection.pixelData(*place)))
        self._row += strip.height
        self.strips += 1
        return len(self._pixels[-1])

    def scene(self) -> Scene:
        """Return what was read, once it is done; joining takes time, so do it in the darkroom."""
        mask = b"".join(self._mask) if self._selection is not None else None
        return Scene(self.region, b"".join(self._pixels), mask)
