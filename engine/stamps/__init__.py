"""What results carry besides their pixels, one stamp a module, registered by hook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.api import Pixels


@dataclass(frozen=True, slots=True)
class Stamp:
    """What one plugin adds to a result.

    `entries` go into the record (JSON-able, names of their own). `image`, if any, is the patch with
    its colours marked, RGBA uint8 of the same size and the same alpha.
    """

    entries: Mapping[str, Any] = field(default_factory=dict)
    image: Pixels | None = None
