"""Pixels cut, scaled and swapped by Qt, in strips: no single call takes longer than a few ms.

Meant for the darkroom's thread. Bytes are rows without padding; Krita's are BGRA, the wire's RGBA.
"""

from __future__ import annotations

from collections.abc import Iterator

from .protocol import Picture, Rect, with_alpha
from .qt import QtCore, QtGui, QtObject
from .reading import Scene

STRIP_PIXELS = 1 << 18  # in one call
PAINTS = (230, 60, 50, 150)  # RGBA of a film: paint lands here
ACTS = (60, 110, 240, 120)  # and the model may act here
_HOLES = bytes([255]) * 255 + b"\0"  # by alpha: what is not opaque is a hole


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
    view, parts = memoryview(pixels), []
    for top, rows in _strips(width, height):
        strip = bytes(view[4 * width * top : 4 * width * (top + rows)])
        parts.append(_bytes_of(QtGui.QImage(strip, width, rows, 4 * width, kind).rgbSwapped()))
    return b"".join(parts)


def holes(bgra: bytes, width: int, height: int) -> bytes:
    """Return a mask: 255 where a picture is not wholly opaque, 0 elsewhere."""
    view, parts = memoryview(bgra), []
    for top, rows in _strips(width, height):
        strip = bytes(view[4 * width * top : 4 * width * (top + rows)])
        parts.append(strip[3::4].translate(_HOLES))
    return b"".join(parts)


def cut(rgba: bytes, mask: bytes, width: int, height: int) -> bytes:
    """Return pixels with their alpha multiplied by a mask, rounded."""
    pixels, gray, parts = memoryview(rgba), memoryview(mask), []
    for top, rows in _strips(width, height):
        strip = bytes(pixels[4 * width * top : 4 * width * (top + rows)])
        parts.append(with_alpha(strip, bytes(gray[width * top : width * (top + rows)])))
    return b"".join(parts)


def over(below: bytes, above: bytes, width: int, height: int) -> bytes:
    """Return BGRA pixels laid over others; where `above` is clear, `below` keeps every byte."""
    under, paint, parts = memoryview(below), memoryview(above), []
    kind = QtGui.QImage.Format.Format_ARGB32
    for top, rows in _strips(width, height):
        span = slice(4 * width * top, 4 * width * (top + rows))
        base = QtGui.QImage(bytes(under[span]), width, rows, 4 * width, kind).copy()
        strip = bytes(paint[span])
        painter = QtGui.QPainter(base)
        painter.drawImage(0, 0, QtGui.QImage(strip, width, rows, 4 * width, kind))
        painter.end()
        parts.append(_kept_where_clear(bytes(under[span]), _bytes_of(base), strip))
    return b"".join(parts)


def patch(picture: Picture, context: Rect, paste: Rect, mask: bytes) -> bytes | None:
    """Return the BGRA pixels of `paste` out of a picture that covers `context`, alpha = mask.

    Both rectangles are in canvas pixels; the picture is scaled smoothly, whatever its size. None
    when it cannot be read: a preview is not worth an error.
    """
    image = image_of(picture)
    if image.isNull():
        return None
    place = QtCore.QRectF(
        context.left - paste.left, context.top - paste.top, context.width, context.height
    )
    width, gray, parts = paste.width, memoryview(mask), []
    for top, rows in _strips(width, paste.height):
        strip = QtGui.QImage(width, rows, QtGui.QImage.Format.Format_RGB32)
        strip.fill(QtGui.QColor(0, 0, 0))
        painter = QtGui.QPainter(strip)
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place.translated(0, -top), image)
        painter.end()
        span = bytes(gray[width * top : width * (top + rows)])
        parts.append(with_alpha(_bytes_of(strip), span))
    return b"".join(parts)


def thumbnail(picture: Picture, side: int) -> QtObject:
    """Return a picture as a QImage whose longer side is `side`; a null one if it cannot be read."""
    image = image_of(picture)
    return image if image.isNull() else _fitted(image, side)


def jpeg_of(picture: Picture, side: int) -> bytes:
    """Return a small JPEG of a picture; empty when it cannot be read."""
    data = QtCore.QBuffer()
    data.open(QtCore.QIODevice.OpenModeFlag.WriteOnly)
    flat = thumbnail(picture, side).convertToFormat(QtGui.QImage.Format.Format_RGB32)
    flat.save(data, "JPEG", 75)
    return bytes(data.data())


def base(scene: Scene, side: int) -> QtObject:
    """Return what was read of a document, no longer than `side`."""
    size = scene.region
    kind = QtGui.QImage.Format.Format_ARGB32
    return _shrunk(QtGui.QImage(scene.pixels, size.width, size.height, 4 * size.width, kind), side)


def film(picture: Picture, context: Rect, paste: Rect, mask: bytes | None, side: int) -> QtObject:
    """Return what a picture that covers `context` shows of `paste`, clear where the mask is 0.

    No longer than `side`; a null image when the picture cannot be read.
    """
    image = image_of(picture)
    if image.isNull():
        return image
    scale = min(1.0, side / max(paste.width, paste.height))
    size = (max(1, round(paste.width * scale)), max(1, round(paste.height * scale)))
    result = QtGui.QImage(*size, QtGui.QImage.Format.Format_ARGB32_Premultiplied)
    result.fill(QtCore.Qt.GlobalColor.transparent)
    painter = QtGui.QPainter(result)
    painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
    x, y = size[0] / paste.width, size[1] / paste.height
    left, top = (context.left - paste.left) * x, (context.top - paste.top) * y
    painter.drawImage(QtCore.QRectF(left, top, context.width * x, context.height * y), image)
    if mask is not None:
        painter.setCompositionMode(QtGui.QPainter.CompositionMode.CompositionMode_DestinationIn)
        whole = QtCore.QRectF(0, 0, *size)
        painter.drawImage(whole, _alpha_of(mask, paste.width, paste.height))
    painter.end()
    return result


def tinted(mask: bytes, paste: Rect, denoise: Picture | None, context: Rect, side: int) -> QtObject:
    """Return the context: where paint lands in red, where the model may act besides in blue."""
    scale = min(1.0, side / max(context.width, context.height))
    size = (max(1, round(context.width * scale)), max(1, round(context.height * scale)))
    result = QtGui.QImage(*size, QtGui.QImage.Format.Format_ARGB32_Premultiplied)
    result.fill(QtCore.Qt.GlobalColor.transparent)
    painter = QtGui.QPainter(result)
    painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
    if denoise is not None:
        acts = _coloured(denoise.data, denoise.width, denoise.height, ACTS)
        painter.drawImage(QtCore.QRectF(0, 0, *size), acts)
    x, y = size[0] / context.width, size[1] / context.height
    left, top = (paste.left - context.left) * x, (paste.top - context.top) * y
    place = QtCore.QRectF(left, top, paste.width * x, paste.height * y)
    painter.drawImage(place, _coloured(mask, paste.width, paste.height, PAINTS))
    painter.end()
    return result


def _alpha_of(mask: bytes, width: int, height: int) -> QtObject:
    kind = QtGui.QImage.Format.Format_Alpha8
    return QtGui.QImage(mask, width, height, width, kind).copy()


def _coloured(mask: bytes, width: int, height: int, colour: tuple[int, int, int, int]) -> QtObject:
    image = QtGui.QImage(width, height, QtGui.QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QtGui.QColor(*colour))
    painter = QtGui.QPainter(image)
    painter.setCompositionMode(QtGui.QPainter.CompositionMode.CompositionMode_DestinationIn)
    painter.drawImage(0, 0, _alpha_of(mask, width, height))
    painter.end()
    return image


def _fitted(image: QtObject, side: int) -> QtObject:
    keep = QtCore.Qt.AspectRatioMode.KeepAspectRatio
    smooth = QtCore.Qt.TransformationMode.SmoothTransformation
    return _shrunk(image, side).scaled(side, side, keep, smooth)


def _shrunk(image: QtObject, side: int) -> QtObject:
    if max(image.width(), image.height()) <= side:
        return image.copy()
    keep = QtCore.Qt.AspectRatioMode.KeepAspectRatio
    # Smooth scaling of a large picture would hold the interpreter for long: first a coarse one.
    coarse = QtCore.Qt.TransformationMode.FastTransformation
    image = image.scaled(2 * side, 2 * side, keep, coarse)
    return image.scaled(side, side, keep, QtCore.Qt.TransformationMode.SmoothTransformation)


def _strips(width: int, height: int) -> Iterator[tuple[int, int]]:
    """Yield first row and number of rows of every strip."""
    rows = max(1, STRIP_PIXELS // width)
    for top in range(0, height, rows):
        yield top, min(rows, height - top)


def _kept_where_clear(below: bytes, mixed: bytes, above: bytes) -> bytes:
    # Qt premultiplies on the way, which may move a colour by one where nothing was laid over it.
    clear = above[3::4].translate(b"\xff" + bytes(255))
    result = bytearray(mixed)
    if not any(clear):
        return mixed
    whole = int.from_bytes(clear, "little")
    for channel in range(4):
        old = int.from_bytes(below[channel::4], "little") & whole
        new = int.from_bytes(mixed[channel::4], "little") & ~whole
        result[channel::4] = (old | new).to_bytes(len(clear), "little")
    return bytes(result)


def _bytes_of(image: QtObject) -> bytes:
    pointer = image.constBits()
    pointer.setsize(image.height() * image.bytesPerLine())
    return bytes(pointer)
