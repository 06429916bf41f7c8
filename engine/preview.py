"""What a candidate looks like while it forms: small, quick, RGB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from torch import Tensor

if TYPE_CHECKING:
    from engine.api import Pixels
    from engine.families import Model

MAX_SIDE = 256  # clients scale previews themselves; a JPEG of more than this passes the wire's 8 KB


def previews(model: Model, x0: Tensor) -> list[Pixels]:
    """Return one RGB uint8 picture (h, w, 3) a candidate, no side over 256."""
    pictures = model.preview(x0).cpu().numpy()
    return [_small(np.ascontiguousarray(picture)) for picture in pictures]


def _small(picture: Pixels) -> Pixels:
    height, width = picture.shape[:2]
    scale = MAX_SIDE / max(height, width)
    if scale >= 1.0:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
