"""Pixels between the wire and Krita: RGBA there, BGRA here, both straight alpha.

Krita's Python has no numpy; strided slices of bytes turn a million pixels in a few milliseconds.
"""

from __future__ import annotations

from .protocol import Rect


def swapped(pixels: bytes) -> bytes:
    """Return four-byte pixels with the first and third byte exchanged: RGBA to BGRA, and back."""
    turned = bytearray(pixels)
    turned[0::4] = pixels[2::4]
    turned[2::4] = pixels[0::4]
    return bytes(turned)


def masked(bgra: bytes, mask: bytes) -> bytes:
    """Return BGRA pixels with another alpha channel."""
    pixels = bytearray(bgra)
    pixels[3::4] = mask
    return bytes(pixels)


def moved(rect: Rect, left: int, top: int) -> Rect:
    """Return a rectangle shifted by so many pixels."""
    return Rect(rect.left + left, rect.top + top, rect.width, rect.height)


def grown(rect: Rect, by: int, width: int, height: int) -> Rect:
    """Return a rectangle with a margin, kept within a canvas of this size."""
    left, top = max(0, rect.left - by), max(0, rect.top - by)
    right = min(width, rect.left + rect.width + by)
    bottom = min(height, rect.top + rect.height + by)
    return Rect(left, top, max(0, right - left), max(0, bottom - top))
