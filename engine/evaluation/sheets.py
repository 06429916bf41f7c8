"""Sheets of pictures under their names: what no figure can say is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
SIDE = 160  # pixels of one picture's height on a sheet
_LINE = 16


def sheet(rows: Sequence[Sequence[Picture]], names: Sequence[str], side: int = SIDE) -> Picture:
    """Return rows of pictures (H, W, 3), each under its name."""
    lines = []
    for row, name in zip(rows, names, strict=True):
        line = np.concatenate([_scaled(p, side) for p in row], axis=1)
        lines.append(np.concatenate([_titled(name, line.shape[1]), line]))
    width = max(line.shape[1] for line in lines)
    return np.concatenate([_padded(line, width) for line in lines])


def grid(
    pictures: Sequence[Picture], names: Sequence[str], columns: int = 10, side: int = SIDE
) -> Picture:
    """Return pictures (H, W, 3) side by side, each under its own name."""
    cells = []
    for picture, name in zip(pictures, names, strict=True):
        small = _scaled(picture, side)
        cells.append(np.concatenate([_titled(name, small.shape[1]), small]))
    rows = [cells[first : first + columns] for first in range(0, len(cells), columns)]
    lines = [np.concatenate(row, axis=1) for row in rows]
    width = max(line.shape[1] for line in lines)
    return np.concatenate([_padded(line, width) for line in lines])


def write(path: Path, picture: Picture) -> None:
    """Write an RGB picture as JPEG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])


def _scaled(picture: Picture, side: int) -> Picture:
    size = picture.shape[1] * side // picture.shape[0], side
    return cv2.resize(picture[..., :3], size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _titled(name: str, width: int) -> Picture:
    title = np.full((_LINE, width, 3), 255, np.uint8)
    font, small = cv2.FONT_HERSHEY_SIMPLEX, 0.36
    cv2.putText(title, name, (3, 12), font, small, (0, 0, 0), 1, cv2.LINE_AA)
    return title


def _padded(line: Picture, width: int) -> Picture:
    return np.pad(line, ((0, 0), (0, width - line.shape[1]), (0, 0)), constant_values=255)
