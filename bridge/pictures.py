"""Pictures of the wire as arrays, and arrays as previews. Runs in the worker, never in the bridge.

Compressed files come from strangers: only named formats are opened, and the size in the file's
header is compared with what was announced before a pixel is decoded.
"""

from __future__ import annotations

import io
import warnings

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bridge.wire.limits import BYTES_PER_PIXEL, MAX_PREVIEW_BYTES, MAX_SIDE
from bridge.wire.messages import Picture, PreviewCodec
from engine import RequestError

Pixels = NDArray[np.uint8]
PIL_FORMATS = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP"}
_QUALITIES = (80, 65, 50, 35, 20)
_SMALLEST_SIDE = 16


def image_of(picture: Picture, field: str = "image") -> Pixels:
    """Return RGBA (H, W, 4), straight alpha; raises RequestError on the field."""
    if picture.format in PIL_FORMATS:
        return np.asarray(_opened(picture, field), dtype=np.uint8)
    raw = _raw(picture, field)
    if raw.shape[2] == 4:
        return raw
    opaque = np.full((*raw.shape[:2], 4), 255, dtype=np.uint8)
    opaque[..., :3] = raw  # gray (H, W, 1) is broadcast over the three channels
    return opaque


def mask_of(picture: Picture) -> Pixels:
    """Return a mask (H, W), 255 = paint; raises RequestError on `mask`."""
    if picture.format != "gray8":
        raise RequestError("mask", f"The mask's format is {picture.format}; accepted is gray8.")
    return _raw(picture, "mask")[..., 0]


def preview_of(pixels: Pixels, codec: PreviewCodec, side: int) -> Picture:
    """Return RGB pixels (h, w, 3) as a small picture, at most `side` wide and high.

    A JPEG is at most MAX_PREVIEW_BYTES long: first its quality gives way, then its size.
    """
    image = _fitted(Image.fromarray(pixels, "RGB"), side)
    if codec == "jpeg":
        return _small_jpeg(image)
    mode = "RGBA" if codec == "rgba8" else "RGB"
    return Picture(image.width, image.height, codec, image.convert(mode).tobytes())


def _raw(picture: Picture, field: str) -> Pixels:
    """Return uint8 (H, W, channels) of a raw picture."""
    channels = BYTES_PER_PIXEL[picture.format]
    if len(picture.data) != picture.width * picture.height * channels or not picture.data:
        raise RequestError(
            field,
            f"The {field} has {len(picture.data)} bytes; {picture.width}x{picture.height} pixels of"
            f" {picture.format} take {picture.width * picture.height * channels}.",
        )
    if picture.format == "rgba16":
        wide = np.frombuffer(picture.data, dtype="<u2").astype(np.uint32)
        flat = ((wide * 255 + 32767) // 65535).astype(np.uint8)
        return flat.reshape(picture.height, picture.width, 4)
    return np.frombuffer(picture.data, np.uint8).reshape(picture.height, picture.width, channels)


def _opened(picture: Picture, field: str) -> Image.Image:
    """Return a decoded file as RGBA; nothing is decoded before its size is known."""
    kind = PIL_FORMATS[picture.format]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow only warns of a decompression bomb at first
            image = Image.open(io.BytesIO(picture.data), formats=(kind,))
            _check_size(image.size, picture, field)
            if getattr(image, "n_frames", 1) != 1:
                raise RequestError(
                    field, f"The {field} is animated; send a single frame of it as {kind}."
                )
            image.load()
    except (OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError) as error:
        raise RequestError(
            field,
            f"The {field} cannot be read as {kind}: the file is damaged or of another kind. Send a"
            " PNG, JPEG or WebP file, or raw pixels.",
        ) from error
    return _eight_bit(image).convert("RGBA")


def _check_size(size: tuple[int, int], picture: Picture, field: str) -> None:
    if size == (picture.width, picture.height) and max(size) <= MAX_SIDE:
        return
    raise RequestError(
        field,
        f"The {field} file is {size[0]}x{size[1]} pixels, announced were"
        f" {picture.width}x{picture.height}; both must agree, and no side may exceed {MAX_SIDE}.",
    )


def _eight_bit(image: Image.Image) -> Image.Image:
    """Return 16-bit gray as 8-bit gray; Pillow's own conversion would clip it."""
    if not image.mode.startswith("I"):
        return image
    wide = np.asarray(image).astype(np.int64).clip(0, 65535)
    return Image.fromarray(((wide * 255 + 32767) // 65535).astype(np.uint8), "L")


def _fitted(image: Image.Image, side: int) -> Image.Image:
    longest = max(image.size)
    if longest <= side:
        return image
    width, height = (max(1, round(length * side / longest)) for length in image.size)
    return image.resize((width, height), Image.Resampling.BILINEAR)


def _small_jpeg(image: Image.Image) -> Picture:
    while True:
        for quality in _QUALITIES:
            file = io.BytesIO()
            image.save(file, "JPEG", quality=quality)
            if file.tell() <= MAX_PREVIEW_BYTES or max(image.size) <= _SMALLEST_SIDE:
                return Picture(image.width, image.height, "jpeg", file.getvalue())
        image = _fitted(image, max(image.size) * 3 // 4)
