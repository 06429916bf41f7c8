"""Pictures that a scenario left behind, as arrays."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def raw(path: Path, width: int, height: int, channels: int) -> Pixels:
    """Pixels written as they are."""
    return np.frombuffer(path.read_bytes(), np.uint8).reshape(height, width, channels)


def outside_and_inside(before: Pixels, after: Pixels, selection: Pixels) -> tuple[int, int]:
    """How many pixels differ outside and inside the selection."""
    differs = (before != after).any(axis=2)
    chosen = selection[..., 0] > 0
    return int((differs & ~chosen).sum()), int((differs & chosen).sum())


def develop(folder: Path) -> list[Path]:
    """Turn the screen's memory into PNG files beside it."""
    made = []
    for path in sorted(folder.glob("*.xwd")):
        data = path.read_bytes()
        header = struct.unpack(">25I", data[:100])
        width, height, stride = header[4], header[5], header[12]
        rows = np.frombuffer(data, np.uint8, offset=header[0] + 12 * header[19])
        bgrx = (
            rows[: stride * height]
            .reshape(height, stride)[:, : 4 * width]
            .reshape(height, width, 4)
        )
        Image.fromarray(np.ascontiguousarray(bgrx[..., 2::-1])).save(path.with_suffix(".png"))
        path.unlink()
        made.append(path.with_suffix(".png"))
    return made
