"""What holes are filled with before they are painted, one a module, registered by hook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.api import Box, Pixels


class Prefill(Protocol):
    """Fills what is not known of a picture."""

    def __call__(self, picture: Pixels, known: NDArray[Any], box: Box | None) -> Pixels:
        """Return RGB uint8 (h, w, 3), known pixels as they were.

        `known` is float32 (h, w) in [0, 1], 1 = keep the pixel exactly. `box` is where the old
        picture lies when new canvas lies around it, None for a hole inside a picture.
        """
        ...
