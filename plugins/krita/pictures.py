"""Compressed and small pictures become pixels of the canvas's size; Qt decodes and scales."""

from __future__ import annotations

from .protocol import Picture, Rect, with_alpha
from .qt import QtCore, QtGui, QtObject


def image_of(picture: Picture) -> QtObject:
    """Return a picture as a QImage with its own memory; a null one when it cannot be read."""
    if picture.format in ("jpeg", "png", "webp"):
        return QtGui.QImage.fromData(picture.data)
    kinds = {"rgb8": ("Format_RGB888", 3), "rgba8": ("Format_RGBA8888", 4)}
    if picture.format not in kinds:
        return QtGui.QImage()
    name, size = kinds[picture.format]
    kind = getattr(QtGui.QImage.Format, name)
    raw = QtGui.QImage(picture.data, picture.width, picture.height, picture.width * size, kind)
    return raw.copy()  # a QImage made of bytes does not keep them alive


def swapped(pixels: bytes, width: int, height: int) -> bytes:
    """Return RGBA as BGRA, or BGRA as RGBA."""
    kind = QtGui.QImage.Format.Format_RGBA8888  # Qt does nothing with colours here but swap two
    return _bytes_of(QtGui.QImage(pixels, width, height, 4 * width, kind).rgbSwapped())


def patch(picture: Picture, context: Rect, paste: Rect, mask: bytes) -> bytes | None:
    """Return the BGRA pixels of `paste` out of a picture that covers `context`, alpha = mask.

    Both rectangles are in canvas pixels; the picture is scaled smoothly, whatever its size. None
    when it cannot be read: a preview is not worth an error.
    """
    image = image_of(picture)
    if image.isNull():
        return None
    x, y = image.width() / context.width, image.height() / context.height
    source = QtCore.QRectF(
        (paste.left - context.left) * x,
        (paste.top - context.top) * y,
        paste.width * x,
        paste.height * y,
    )
    cut = QtGui.QImage(paste.width, paste.height, QtGui.QImage.Format.Format_RGB32)
    cut.fill(QtGui.QColor(0, 0, 0))
    painter = QtGui.QPainter(cut)
    painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(QtCore.QRectF(0, 0, paste.width, paste.height), image, source)
    painter.end()
    return with_alpha(_bytes_of(cut), mask)


def _bytes_of(image: QtObject) -> bytes:
    pointer = image.constBits()
    pointer.setsize(image.height() * image.bytesPerLine())
    return bytes(pointer)
