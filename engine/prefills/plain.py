"""Fills that forget: a wide blur of the surroundings, and grey, for things that are to be added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.hookspecs import hookimpl
from engine.prefills import Prefill

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.api import Box, Pixels

WIDTH = 1 / 8  # of the longer side: the sigma of the blur
GREY = 127.0


def blur(
    picture: Pixels,
    known: NDArray[Any],
    box: Box | None,  # noqa: ARG001 - the contract's
) -> Pixels:
    """Return holes in the colour of what is near them, weighed by a wide Gaussian."""
    import cv2
    import numpy as np

    sigma = max(1.0, WIDTH * max(known.shape))
    weights = known.astype(np.float32)
    near = cv2.GaussianBlur(picture.astype(np.float32) * weights[..., None], (0, 0), sigma)
    counted = cv2.GaussianBlur(weights, (0, 0), sigma)[..., None]
    if weights.max() <= 0.0:
        return grey(picture, known, None)
    mean = (picture * weights[..., None]).sum((0, 1)) / weights.sum()
    # Farther off than the Gaussian reaches there is nothing to weigh: the mean of all is there.
    around = np.where(counted > 1e-4, near / np.maximum(counted, 1e-4), mean)
    return _under(picture, known, around)


def grey(
    picture: Pixels,
    known: NDArray[Any],
    box: Box | None,  # noqa: ARG001 - as above
) -> Pixels:
    """Return holes in middle grey, which suggests nothing."""
    import numpy as np

    return _under(picture, known, np.full(picture.shape, GREY, np.float32))


def _under(picture: Pixels, known: NDArray[Any], fill: NDArray[Any]) -> Pixels:
    """Lay a fill under a picture by what is known of it."""
    import numpy as np

    mixed = fill + (picture - fill) * known[..., None]
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


@hookimpl
def mahlstick_prefills() -> Mapping[str, Prefill]:
    """Register these fills."""
    return {"blur": blur, "grey": grey}
