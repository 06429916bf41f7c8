"""Lengths that a painter gives in pixels or in percent of the selection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .protocol import Rect

Unit = Literal["px", "%"]


@dataclass(frozen=True)
class Measure:
    """A length; a percentage is one of the mean side of the selection's box."""

    value: int
    unit: Unit = "px"

    def pixels(self, box: Rect) -> int:
        """Return the length in canvas pixels for a selection with this box."""
        if self.unit == "px":
            return self.value
        return round(self.value / 100 * (box.width + box.height) / 2)


@dataclass(frozen=True)
class Edge:
    """How a selection becomes masks; None leaves a figure to the bridge."""

    grow: Measure | None = None
    feather: Measure | None = None
    context: Measure | None = None
    soft: Measure | None = None  # by how much paint may leave the selection, fading
