"""The paint's colours brought to the canvas's, measured on the kept pixels next to the seam.

Where the model was held to the canvas it should have given the canvas back; what it gave differs by
the model's own shift of colour and contrast, and that shift is everywhere in its paint. Statistics
are exact: pixels that are not kept weigh nothing, instead of counting as black.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.api import Pixels

LARGEST_SHIFT = 24.0  # grey levels; beyond that it is not the model's shift but another picture
LARGEST_GAIN = 1.15
FEWEST_PIXELS = 16.0
MOST_PIXELS = 100_000  # of more, evenly spread ones are measured: as exact, and quick

Floats = NDArray[Any]  # float32; OpenCV's stubs do not carry the type


@dataclass(frozen=True, slots=True)
class ColourReport:
    """What was corrected, by channel: paint becomes (paint - mean) * gain + mean + shift."""

    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)  # of the paint where it was measured
    pixels: float = 0.0  # how many were measured (a half kept one is half a pixel)
    limited: bool = False  # more would have been needed than is allowed

    @property
    def changes(self) -> bool:
        """Whether the correction does anything."""
        return self.shift != (0.0, 0.0, 0.0) or self.gain != (1.0, 1.0, 1.0)


def measured(kept: Pixels, painted: Pixels, weights: Floats) -> ColourReport:
    """Return the correction that brings painted to kept (RGB (h, w, 3)), by weights (h, w).

    The shift is the difference of the means. The gain is the slope of kept on painted, trusted as
    far as they agree (by r squared): unlike a quotient of deviations it does not mistake the
    softness of a decoder, or other content, for a lack of contrast.
    """
    where = np.flatnonzero(weights)
    where = where[:: 1 + where.size // MOST_PIXELS]
    weight = weights.reshape(-1)[where].astype(np.float64)[:, None]
    total = float(weight.sum())
    if total < FEWEST_PIXELS:
        return ColourReport(pixels=total)
    target, paint = (p.reshape(-1, 3)[where].astype(np.float64) for p in (kept, painted))
    mean_target, mean_paint = ((weight * v).sum(0) / total for v in (target, paint))
    off_target, off_paint = target - mean_target, paint - mean_paint
    variance = (weight * off_paint**2).sum(0) / total
    covariance = (weight * off_paint * off_target).sum(0) / total
    trust = covariance**2 / np.maximum(variance * (weight * off_target**2).sum(0) / total, 1e-9)
    slope = np.where(variance > 1.0, covariance / np.maximum(variance, 1.0), 1.0)
    gain = 1.0 + np.clip(trust, 0.0, 1.0) * (slope - 1.0)
    shift = mean_target - mean_paint
    allowed_gain = np.clip(gain, 1 / LARGEST_GAIN, LARGEST_GAIN)
    allowed_shift = np.clip(shift, -LARGEST_SHIFT, LARGEST_SHIFT)
    limited = bool((allowed_gain != gain).any() or (allowed_shift != shift).any())
    return ColourReport(
        _three(allowed_shift), _three(allowed_gain), _three(mean_paint), total, limited
    )


def corrected(painted: Pixels, report: ColourReport) -> Pixels:
    """Return an RGB picture with a correction applied; the same picture when it does nothing."""
    if not report.changes:
        return painted
    levels = np.arange(256, dtype=np.float64)[None, :, None]
    mean, gain, shift = (np.array(v) for v in (report.mean, report.gain, report.shift))
    table = np.clip(np.rint((levels - mean) * gain + mean + shift), 0, 255).astype(np.uint8)
    return _levels(cv2.LUT(painted, table))


def _levels(values: NDArray[Any]) -> Pixels:
    """Return an array as uint8, without a copy where it is already."""
    return values.astype(np.uint8, copy=False)


def _three(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return an array's three values as plain floats, for reports."""
    return float(values[0]), float(values[1]), float(values[2])
