"""Says in every record how the picture came about, in the words of the IPTC's vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.hookspecs import hookimpl
from engine.stamps import Stamp

if TYPE_CHECKING:
    from engine.api import PaintRequest


@hookimpl
def mahlstick_stamp(request: PaintRequest) -> Stamp:
    """Add `digital_source_type`: all painted by a model, or painted into a picture."""
    from engine.labels import source_type  # it loads an image library; lists of plugins need none

    return Stamp({"digital_source_type": source_type(request.mode.value)})
