"""Fills made from what lies around: the smoothest surface, the picture gone on, Navier-Stokes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.hookspecs import hookimpl
from engine.prefills import Prefill

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.api import Box, Pixels

REACH = 5.0  # pixels around a hole that Navier-Stokes looks at


def surface(
    picture: Pixels,
    known: NDArray[Any],
    box: Box | None,  # noqa: ARG001 - the contract's
) -> Pixels:
    """Return holes as the smoothest surface through their borders, lines drawn across."""
    from engine.canvas.prefill import filled

    return filled(picture, known)


def continued(picture: Pixels, known: NDArray[Any], box: Box | None) -> Pixels:
    """Return new canvas as the picture gone on: edges drawn outwards, detail mirrored, softer."""
    from engine.canvas import prefill

    if box is None:
        return prefill.filled(picture, known)
    window = (slice(box.top, box.bottom), slice(box.left, box.right))
    whole = picture.copy()
    whole[window] = prefill.filled(picture[window], known[window])
    return prefill.continued(whole, box)


def navier_stokes(
    picture: Pixels,
    known: NDArray[Any],
    box: Box | None,  # noqa: ARG001 - as above
) -> Pixels:
    """Return holes closed along the lines that run into them (Bertalmio et al. 2001)."""
    import cv2
    import numpy as np

    from engine.canvas.prefill import filled

    ground = filled(picture, known)
    hole = (known <= 0.0).astype(np.uint8)
    if not hole.any() or hole.all():
        return ground
    closed = cv2.inpaint(ground, hole, REACH, cv2.INPAINT_NS)
    return np.where(hole[..., None] > 0, closed, ground).astype(np.uint8)


@hookimpl
def mahlstick_prefills() -> Mapping[str, Prefill]:
    """Register these fills."""
    return {"surface": surface, "continued": continued, "navier_stokes": navier_stokes}
