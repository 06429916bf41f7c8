"""Pictures on the command line: files in, PNGs out, and the rectangles painters type.

Everything inside is RGBA uint8, sRGB, straight alpha, (H, W, 4); a mask is (H, W), 255 = paint.
What cannot be carried exactly is refused rather than converted behind the painter's back.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from bridge.cli.failures import InputFailure
from bridge.wire.messages import Extension, Rect
from engine import MAX_SIDE, Pixels

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")
EXACT_MODES = {"RGB", "RGBA", "L", "LA", "P", "PA", "1"}
_NAMES = "PNG, JPEG, WebP, TIFF and BMP"


@dataclass(frozen=True)
class Loaded:
    """A picture from disk. `rgba` is (H, W, 4) uint8."""

    path: Path
    rgba: Pixels

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.rgba.shape[1]

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.rgba.shape[0]


def load_picture(path: Path) -> Loaded:
    """Return the picture's pixels, upright; raises InputFailure with a sentence."""
    with _opened(path) as image:
        _check_shape(path, image)
        _check_depth(path, image)
        try:
            upright = ImageOps.exif_transpose(image)
            rgba = np.asarray(upright.convert("RGBA"))
        except (OSError, SyntaxError, ValueError) as error:
            raise InputFailure(
                f"{path} is damaged: it ends early or has broken data ({error}). "
                "Export it again from the program that made it."
            ) from error
    return Loaded(path, np.ascontiguousarray(rgba))


def _opened(path: Path) -> Image.Image:
    if not path.exists():
        raise InputFailure(f"There is no file {path}. Give the path of a picture.")
    if path.is_dir():
        raise InputFailure(f"{path} is a folder. Give the path of one picture in it.")
    try:
        with warnings.catch_warnings():
            # Pillow warns of decompression bombs; the size is checked right after, before decoding.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(path, formats=FORMATS)
    except UnidentifiedImageError as error:
        raise InputFailure(
            f"{path} is no picture that can be read here. Accepted are {_NAMES}."
        ) from error
    except Image.DecompressionBombError as error:
        raise InputFailure(f"{path} is too large: {_too_large()}") from error
    except OSError as error:
        raise InputFailure(f"{path} cannot be read: {error}.") from error


def _too_large() -> str:
    return f"pictures may be up to {MAX_SIDE} pixels wide and high. Scale it down or crop it."


def _check_shape(path: Path, image: Image.Image) -> None:
    if max(image.size) > MAX_SIDE:
        raise InputFailure(f"{path} is {image.width}x{image.height}: {_too_large()}")
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        raise InputFailure(
            f"{path} has {frames} frames or pages. Only single pictures can be painted: "
            "export the frame you want as a PNG."
        )


def _check_depth(path: Path, image: Image.Image) -> None:
    if image.mode in EXACT_MODES and not _deep_png(image):
        return
    kind = "CMYK" if image.mode == "CMYK" else f"more than 8 bits a channel ({image.mode})"
    if image.mode in {"LAB", "YCbCr", "HSV"}:
        kind = image.mode
    raise InputFailure(
        f"{path} is {kind}. Accepted are 8-bit RGB and gray pictures, with or without alpha: "
        "convert it to 8-bit sRGB in your editor first, so that you see what the conversion does."
    )


def _deep_png(image: Image.Image) -> bool:
    """Tell a 16-bit RGB PNG, which Pillow would silently reduce to 8 bits."""
    tiles = getattr(image, "tile", None) or []
    return any(";16" in str(part) for tile in tiles for part in tile[3:])


def load_mask(path: Path, like: Loaded) -> Pixels:
    """Return a mask (H, W) from a file: its gray, or the transparency of a picture with alpha.

    White paints, black keeps. A picture with transparent parts paints where it is transparent,
    as with the OpenAI API.
    """
    mask = load_picture(path)
    if (mask.width, mask.height) != (like.width, like.height):
        raise InputFailure(
            f"The mask {path} is {mask.width}x{mask.height}, the picture {like.path} is "
            f"{like.width}x{like.height}. Both must have the same size."
        )
    alpha = mask.rgba[..., 3]
    gray = (
        np.asarray(Image.fromarray(mask.rgba).convert("L")) if alpha.min() == 255 else 255 - alpha
    )
    if not gray.any():
        raise InputFailure(
            f"The mask {path} is empty: it selects nothing. Paint white where paint shall go "
            "(or make it transparent there)."
        )
    return np.ascontiguousarray(gray)


def rect_mask(rect: Rect, like: Loaded) -> Pixels:
    """Return a mask (H, W) that is 255 inside a rectangle of the picture."""
    right, bottom = rect.left + rect.width, rect.top + rect.height
    if rect.left < 0 or rect.top < 0 or right > like.width or bottom > like.height:
        raise InputFailure(
            f"--select {rect.left},{rect.top},{rect.width},{rect.height} leaves the picture, "
            f"which is {like.width}x{like.height}. Choose a rectangle inside it."
        )
    mask = np.zeros((like.height, like.width), np.uint8)
    mask[rect.top : bottom, rect.left : right] = 255
    return mask


def parse_rect(text: str) -> Rect:
    """Return the rectangle of `X,Y,W,H`."""
    parts = re.fullmatch(r"\s*(-?\d+)\s*,\s*(-?\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*", text)
    if parts is None or int(parts[3]) == 0 or int(parts[4]) == 0:
        raise InputFailure(
            f"--select {text!r} is no rectangle. Write left,top,width,height in pixels, "
            "such as --select 100,50,256,256."
        )
    return Rect(*(int(part) for part in parts.groups()))


def parse_size(text: str) -> tuple[int, int]:
    """Return (width, height) of `WxH`."""
    parts = re.fullmatch(r"\s*(\d+)\s*[xX×]\s*(\d+)\s*", text)
    size = (int(parts[1]), int(parts[2])) if parts else (0, 0)
    if not all(1 <= side <= MAX_SIDE for side in size):
        raise InputFailure(
            f"--size {text!r} is no size. Write WIDTHxHEIGHT, each 1 to {MAX_SIDE}, "
            "such as 512x384."
        )
    return size


def parse_extension(text: str) -> Extension:
    """Return the sides of `left=256,right=256`."""
    sides: dict[str, int] = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*(left|top|right|bottom)\s*=\s*(\d+)\s*", part)
        if match is None:
            raise InputFailure(
                f"--extend {text!r} is not understood at {part!r}. Write the sides to extend "
                "in pixels, such as --extend left=256,right=256 (left, top, right, bottom)."
            )
        sides[match[1]] = int(match[2])
    if not any(sides.values()):
        raise InputFailure("--extend adds nothing: give at least one side more than 0 pixels.")
    return Extension(**sides)
