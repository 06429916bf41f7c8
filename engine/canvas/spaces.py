"""The four spaces of a painting, and how boxes, points and pictures go from one to the next.

*canvas* (the painter's document) > *context* (the part of it the model sees) > *working* (what the
model denoises) > *latent*. Rules kept here: boxes are rounded outwards, so that nothing asked for
is lost; points are never rounded; a context that reaches past the canvas shows the canvas mirrored
there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.api import Box, Size

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Spaces:
    """Canvas, context, working and latent of one painting, and the ways between them."""

    canvas: Size
    context_canvas: Box  # canvas space; reaches past the canvas only where the canvas is too small
    working: Size
    latent: Size

    @property
    def scale(self) -> float:
        """Working pixels per canvas pixel, the geometric mean of both axes."""
        context = self.context_canvas
        return (self.working.width * self.working.height / (context.width * context.height)) ** 0.5

    def box_to_working(self, box_canvas: Box) -> Box:
        """Return the smallest working box that covers a canvas box, also outside the context."""
        context = self.context_canvas
        left, right = _cover(
            box_canvas.left - context.left, box_canvas.width, self.working.width, context.width
        )
        top, bottom = _cover(
            box_canvas.top - context.top, box_canvas.height, self.working.height, context.height
        )
        return Box(left, top, right - left, bottom - top)

    def box_to_canvas(self, box_working: Box) -> Box:
        """Return the smallest canvas box that covers a working box; may lie outside the canvas."""
        context = self.context_canvas
        left, right = _cover(box_working.left, box_working.width, context.width, self.working.width)
        top, bottom = _cover(
            box_working.top, box_working.height, context.height, self.working.height
        )
        return Box(left + context.left, top + context.top, right - left, bottom - top)

    def box_to_latent(self, box_working: Box) -> Box:
        """Return the smallest latent box that covers a working box."""
        left, right = _cover(
            box_working.left, box_working.width, self.latent.width, self.working.width
        )
        top, bottom = _cover(
            box_working.top, box_working.height, self.latent.height, self.working.height
        )
        return Box(left, top, right - left, bottom - top)

    def point_to_working(self, x_canvas: float, y_canvas: float) -> tuple[float, float]:
        """Return where a point of the canvas lies in working space, unrounded."""
        context = self.context_canvas
        return (
            (x_canvas - context.left) * self.working.width / context.width,
            (y_canvas - context.top) * self.working.height / context.height,
        )

    def point_to_canvas(self, x_working: float, y_working: float) -> tuple[float, float]:
        """Return where a working point lies on the canvas, unrounded."""
        context = self.context_canvas
        return (
            x_working * context.width / self.working.width + context.left,
            y_working * context.height / self.working.height + context.top,
        )

    def context_of(self, pixels_canvas: Array) -> Array:
        """Return the context's part of canvas pixels (H, W[, C]), mirrored past their edges."""
        return crop(pixels_canvas, self.context_canvas)

    def to_working(self, pixels_context: Array) -> Array:
        """Return context pixels at working size."""
        return resized(pixels_context, self.working)

    def to_context(self, pixels_working: Array) -> Array:
        """Return working pixels at the context's size."""
        return resized(pixels_working, self.context_canvas.size)

    def to_latent(self, mask_working: Array) -> Array:
        """Return a float mask (h, w) at latent size: each cell the largest value it covers."""
        height, width = mask_working.shape
        factor_y = -(-height // self.latent.height)
        factor_x = -(-width // self.latent.width)
        kernel = np.ones((factor_y, factor_x), np.uint8)
        grown = cv2.dilate(mask_working, kernel, anchor=(0, 0))
        return np.ascontiguousarray(grown[::factor_y, ::factor_x])


def crop(pixels: Array, box: Box) -> Array:
    """Return a box of a picture (H, W[, C]); outside the picture it is mirrored."""
    height, width = pixels.shape[:2]
    inside = intersection(box, Box(0, 0, width, height))
    if inside == box:
        return pixels[box.top : box.bottom, box.left : box.right]
    before_y, after_y = max(-box.top, 0), max(box.bottom - height, 0)
    before_x, after_x = max(-box.left, 0), max(box.right - width, 0)
    part = pixels[max(box.top, 0) : box.bottom, max(box.left, 0) : box.right]
    # REFLECT_101 does not repeat the border pixel, which would show as a line twice as thick.
    return cv2.copyMakeBorder(part, before_y, after_y, before_x, after_x, cv2.BORDER_REFLECT_101)


def resized(pixels: Array, size: Size) -> Array:
    """Return pixels (H, W[, C]) at a size: area means where it shrinks, bicubic where it grows."""
    return _resized(pixels, size, cv2.INTER_CUBIC)


def evenly_resized(values: Array, size: Size) -> Array:
    """Return values (H, W[, C]) at a size, none beyond those around it: for masks and weights."""
    return _resized(values, size, cv2.INTER_LINEAR)


def _resized(pixels: Array, size: Size, growing: int) -> Array:
    """Resize by area means, or by another interpolation when any side grows."""
    height, width = pixels.shape[:2]
    if (width, height) == (size.width, size.height):
        return pixels
    shrinks = size.width <= width and size.height <= height
    method = cv2.INTER_AREA if shrinks else growing
    return cv2.resize(pixels, (size.width, size.height), interpolation=method)


def intersection(one: Box, other: Box) -> Box:
    """Return the box two boxes share; its width or height is 0 when they share nothing."""
    left, top = max(one.left, other.left), max(one.top, other.top)
    right, bottom = min(one.right, other.right), min(one.bottom, other.bottom)
    return Box(left, top, max(right - left, 0), max(bottom - top, 0))


def _cover(start: int, length: int, multiply: int, divide: int) -> tuple[int, int]:
    """Scale an interval by multiply/divide and round it outwards, exactly."""
    return start * multiply // divide, -(-(start + length) * multiply // divide)
