"""How much of the canvas the model sees, and at which size it works.

The figures are those that work in the field: a model that sees too little paints something that
does not belong; one that sees too much paints too coarsely.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.api import Box, MaskShape, Size

MAX_ASPECT = 4.0  # working sides differ by at most this factor: models know nothing longer
TOLERATED_STRETCH = (
    1.125  # axes may be scaled this differently before the context is padded instead
)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a selection acts beyond itself, in canvas pixels."""

    grow: int  # denoise mask: full strength up to here
    feather: int  # denoise mask: then falling to nothing over this many
    context: int  # seen by the model


def reach(box: Box, canvas: Size, strength: float, shape: MaskShape) -> Reach:
    """Return how far a selection with this bounding box (canvas space) reaches beyond itself.

    With d the box's diagonal and s the strength: feather max(0.10 s d, 32 s), grow 4, context their
    sum + 0.06 d, and at full strength also max(longest canvas side / 16, half the box's mean side).
    Figures the painter gave replace ours.
    """
    diagonal = math.hypot(box.width, box.height)
    feather = max(0.10 * strength * diagonal, 32 * strength)
    context = feather + 4 + 0.06 * diagonal
    if strength >= 1.0:
        longest = max(canvas.width, canvas.height)
        context += max(longest / 16, (box.width + box.height) / 4)
    return Reach(
        grow=4 if shape.grow is None else shape.grow,
        feather=round(feather) if shape.feather is None else shape.feather,
        context=round(context) if shape.context is None else shape.context,
    )


def working_size(context: Size, native: Size, multiple: int) -> Size:
    """Return the size at which a context is painted: its shorter side is the native one.

    A strip as low as the native area allows would show the model less than it was trained on; what
    is long is painted in overlapping tiles instead. Both sides are multiples of `multiple`;
    proportions beyond 4:1 are cut to that.
    """
    aspect = min(max(context.width / context.height, 1 / MAX_ASPECT), MAX_ASPECT)
    short = min(native.width, native.height)
    width = nearest_multiple(short * max(aspect, 1.0), multiple)
    height = nearest_multiple(short * max(1.0 / aspect, 1.0), multiple)
    return Size(width, height)


def around(box: Box, padding: int, canvas: Size) -> Box:
    """Return a box padded on all sides, shifted into the canvas, cut only where it is larger."""
    left, width = _shifted(box.left - padding, box.width + 2 * padding, canvas.width)
    top, height = _shifted(box.top - padding, box.height + 2 * padding, canvas.height)
    return Box(left, top, width, height)


def fitted(context: Box, working: Size, canvas: Size) -> Box:
    """Return the context grown to the working size's proportions.

    It grows inside the canvas where there is room; where there is none a slight stretch is
    accepted, and beyond that the context reaches past the canvas (which is mirrored there).
    """
    aspect = working.width / working.height
    width, height = context.width, context.height
    if width < height * aspect:
        width = _grown(width, height * aspect, canvas.width)
    else:
        height = _grown(height, width / aspect, canvas.height)
    left, top = context.left - (width - context.width) // 2, context.top
    top -= (height - context.height) // 2
    return Box(
        _placed(left, width, canvas.width), _placed(top, height, canvas.height), width, height
    )


def padded_to_multiple(context: Box, multiple: int, canvas: Size) -> Box:
    """Return the context with both sides rounded up to multiples, inside the canvas if it fits."""
    width = -(-context.width // multiple) * multiple
    height = -(-context.height // multiple) * multiple
    left, top = (
        _placed(context.left, width, canvas.width),
        _placed(context.top, height, canvas.height),
    )
    return Box(left, top, width, height)


def nearest_multiple(length: float, multiple: int) -> int:
    """Return the multiple nearest to a length, at least one of it."""
    return max(1, round(length / multiple)) * multiple


def _grown(side: int, wanted: float, limit: int) -> int:
    """Grow a side inside the limit; past it only when the stretch would show."""
    inside = max(side, min(math.ceil(wanted), limit))
    return inside if wanted / inside <= TOLERATED_STRETCH else math.ceil(wanted)


def _shifted(start: int, length: int, limit: int) -> tuple[int, int]:
    """Shift an interval into [0, limit), cutting it to the limit."""
    length = min(length, limit)
    return min(max(start, 0), limit - length), length


def _placed(start: int, length: int, limit: int) -> int:
    """Shift an interval into [0, limit) if it fits; start at 0 or centre it on the limit if not."""
    if length <= limit:
        return min(max(start, 0), limit - length)
    return (limit - length) // 2
