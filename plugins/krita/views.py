"""What the panel, or the canvas itself, shows of a picture without touching the document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .protocol import Picture, Rect
from .qt_types import Image
from .reading import Scene

SIDE = 512  # pixels of a view's longer side, at most


@dataclass(frozen=True)
class View:
    """A film laid over the picture; rectangles are in canvas pixels.

    `base` is the picture in `region`, `film` is what lies over it in `place`.
    """

    region: Rect
    base: Image
    place: Rect
    film: Image
    frame: Rect | None = None  # drawn as a thin line: what the model sees


@dataclass(frozen=True)
class Optics:
    """What Qt does for views, in the darkroom: functions of `pictures`."""

    base: Callable[[Scene, int], Image]
    film: Callable[[Picture, Rect, Rect, bytes | None, int], Image]
    tinted: Callable[[bytes, Rect, Picture | None, Rect, int], Image]
