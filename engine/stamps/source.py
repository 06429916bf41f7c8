"""Says in every record how the picture came about, in the words of the IPTC's vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.hookspecs import hookimpl
from engine.stamps import Stamp

if TYPE_CHECKING:
    from engine.api import PaintRequest

VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
PAINTED = "trainedAlgorithmicMedia"
PAINTED_INTO = "compositeWithTrainedAlgorithmicMedia"  # a picture was there before


@hookimpl
def mahlstick_stamp(request: PaintRequest) -> Stamp:
    """Add `digital_source_type`: all painted by a model, or painted into a picture."""
    kind = PAINTED if request.image is None else PAINTED_INTO
    return Stamp({"digital_source_type": VOCABULARY + kind})
