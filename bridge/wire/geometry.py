"""Rectangles and pixels for editors, whose Python has no numpy.

Pixels are bytes: rows from top to bottom without padding, straight alpha. Everything works on
whole rows or planes with slices, `translate` and big integers, for a loop over bytes takes
seconds. Rectangles are in one space, the caller's.
"""

from __future__ import annotations

from dataclasses import dataclass

from .messages import Rect


@dataclass(frozen=True)
class Edges:
    """By how much a rectangle sticks out of another, in pixels; 0 where it does not."""

    left: int
    top: int
    right: int
    bottom: int


def right(rect: Rect) -> int:
    """Return the first column right of the rectangle."""
    return rect.left + rect.width


def bottom(rect: Rect) -> int:
    """Return the first row below the rectangle."""
    return rect.top + rect.height


def is_empty(rect: Rect) -> bool:
    """Tell whether the rectangle holds no pixel."""
    return rect.width <= 0 or rect.height <= 0


def between(left: int, top: int, right: int, bottom: int) -> Rect:
    """Return the rectangle between edges; an empty one where they are the wrong way round."""
    return Rect(left, top, max(0, right - left), max(0, bottom - top))


def union(a: Rect, b: Rect) -> Rect:
    """Return the smallest rectangle that holds both; an empty one counts for nothing."""
    if is_empty(a) or is_empty(b):
        return b if is_empty(a) else a
    return between(
        min(a.left, b.left),
        min(a.top, b.top),
        max(right(a), right(b)),
        max(bottom(a), bottom(b)),
    )


def intersection(a: Rect, b: Rect) -> Rect:
    """Return what both hold; empty when they do not meet."""
    return between(
        max(a.left, b.left),
        max(a.top, b.top),
        min(right(a), right(b)),
        min(bottom(a), bottom(b)),
    )


def clamp(rect: Rect, into: Rect) -> Rect:
    """Return the rectangle moved, and only where it is too large cut, to lie inside another."""
    width, height = min(rect.width, into.width), min(rect.height, into.height)
    left = min(max(rect.left, into.left), right(into) - width)
    top = min(max(rect.top, into.top), bottom(into) - height)
    return Rect(left, top, width, height)


def moved(rect: Rect, by: tuple[int, int]) -> Rect:
    """Return the rectangle shifted by (x, y)."""
    return Rect(rect.left + by[0], rect.top + by[1], rect.width, rect.height)


def grown(rect: Rect, by: int) -> Rect:
    """Return the rectangle with this many pixels more on every side."""
    return between(rect.left - by, rect.top - by, right(rect) + by, bottom(rect) + by)


def outside(rect: Rect, canvas: Rect) -> Edges:
    """Return by how much the rectangle sticks out of the canvas on each side."""
    return Edges(
        max(0, canvas.left - rect.left),
        max(0, canvas.top - rect.top),
        max(0, right(rect) - right(canvas)),
        max(0, bottom(rect) - bottom(canvas)),
    )


def selection_box(gray: bytes, width: int, height: int) -> Rect:
    """Return the smallest rectangle that holds every pixel above 0; empty without one.

    `gray` is one byte a pixel.
    """
    view = _checked(gray, width * height)
    top = (len(view) - len(view.lstrip(b"\0"))) // width
    if top == height:
        return Rect(0, 0, 0, 0)
    last = (len(view.rstrip(b"\0")) - 1) // width
    # All rows laid over each other: what is not zero in this one is selected in some row.
    seen = 0
    for row in range(top, last + 1):
        seen |= int.from_bytes(view[row * width : (row + 1) * width], "big")
    columns = seen.to_bytes(width, "big")
    left = width - len(columns.lstrip(b"\0"))
    return between(left, top, len(columns.rstrip(b"\0")), last + 1)


def swap_red_blue(pixels: bytes) -> bytes:
    """Return RGBA as BGRA, or BGRA as RGBA; 8 bits a channel."""
    if len(pixels) % 4:
        raise ValueError(f"{len(pixels)} bytes are no pixels of 4 bytes each.")
    swapped = bytearray(pixels)
    swapped[0::4], swapped[2::4] = pixels[2::4], pixels[0::4]
    return bytes(swapped)


def with_alpha(rgba: bytes, gray: bytes) -> bytes:
    """Return the pixels with their alpha multiplied by a mask of one byte a pixel, rounded."""
    _checked(rgba, len(gray) * 4)
    alpha = multiplied(rgba[3::4], gray)
    if alpha == rgba[3::4]:
        return bytes(rgba)
    masked = bytearray(rgba)
    masked[3::4] = alpha
    return bytes(masked)


def multiplied(a: bytes, b: bytes) -> bytes:
    """Return a * b / 255, rounded, of two planes of one byte a pixel."""
    _checked(a, len(b))
    whole = b"\xff" * len(a)
    if a == whole or b == whole:
        return bytes(b if a == whole else a)
    # 0.13 s for a megapixel; previews are opaque, and take the way above.
    return bytes(map(_product, a, b))


def crop(pixels: bytes, size: tuple[int, int], rect: Rect, bytes_per_pixel: int) -> bytes:
    """Return the part of a picture of (width, height) inside a rectangle that lies within it."""
    width, height = size
    _checked(pixels, width * height * bytes_per_pixel)
    if intersection(rect, Rect(0, 0, width, height)) != rect:
        raise ValueError(f"{rect} does not lie inside a picture of {width}x{height} pixels.")
    view, stride = memoryview(pixels), width * bytes_per_pixel
    start, length = rect.left * bytes_per_pixel, rect.width * bytes_per_pixel
    rows = range(rect.top, bottom(rect))
    return b"".join(view[y * stride + start : y * stride + start + length] for y in rows)


def place(pixels: bytes, rect: Rect, size: tuple[int, int], bytes_per_pixel: int) -> bytes:
    """Return a picture of (width, height), zero but for the pixels of a rectangle within it."""
    width, height = size
    _checked(pixels, rect.width * rect.height * bytes_per_pixel)
    if intersection(rect, Rect(0, 0, width, height)) != rect:
        raise ValueError(f"{rect} does not lie inside a picture of {width}x{height} pixels.")
    stride, length = width * bytes_per_pixel, rect.width * bytes_per_pixel
    before = bytes(rect.left * bytes_per_pixel)
    after = bytes(stride - len(before) - length)
    view = memoryview(pixels)
    rows: list[bytes | memoryview] = [bytes(rect.top * stride)]
    for y in range(rect.height):
        rows += (before, view[y * length : (y + 1) * length], after)
    rows.append(bytes((height - bottom(rect)) * stride))
    return b"".join(rows)


def _product(a: int, b: int) -> int:
    return (a * b + 127) // 255


def _checked(pixels: bytes, length: int) -> bytes:
    if len(pixels) != length:
        raise ValueError(f"{len(pixels)} bytes were given; accepted are {length}.")
    return pixels
