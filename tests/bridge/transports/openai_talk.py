"""What tests say to the OpenAI API, and how they look at what comes back."""

from __future__ import annotations

import base64
import io
import warnings
from typing import Any

import numpy as np
from openai import OpenAI
from PIL import Image

from bridge.server import Ready
from bridge.wire.connection import read_connection
from engine import Pixels


def official(ready: Ready, **options: Any) -> OpenAI:
    """Return the official client, which tries nothing twice unless asked to."""
    token = read_connection(ready.connection_file).token
    given = {"api_key": token, "max_retries": 0, **options}
    return OpenAI(base_url=f"http://127.0.0.1:{ready.port}/v1", **given)


def vary(client: OpenAI, **given: Any) -> Any:
    """Ask for variations, which the client calls deprecated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return client.images.create_variation(**given)


def png(pixels: Pixels) -> tuple[str, bytes, str]:
    """Return pixels as a file to upload."""
    return "picture.png", file_of(pixels, "PNG"), "image/png"


def file_of(pixels: Pixels, kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def picture(b64: str | None) -> Image.Image:
    assert b64 is not None
    image = Image.open(io.BytesIO(base64.b64decode(b64)))
    image.load()
    return image


def pixels_of(b64: str | None) -> Pixels:
    """Return RGBA (H, W, 4)."""
    return np.asarray(picture(b64).convert("RGBA"))


def noisy(width: int, height: int) -> Pixels:
    """Return an opaque picture in which no two pixels are likely to be the same."""
    pixels = np.random.default_rng(3).integers(0, 256, (height, width, 4), np.uint8)
    pixels[..., 3] = 255
    return pixels


def with_hole(pixels: Pixels) -> tuple[Pixels, Pixels]:
    """Return the picture with a transparent rectangle, and where that is (H, W)."""
    hole = np.zeros(pixels.shape[:2], bool)
    hole[3:9, 5:17] = True
    holed = pixels.copy()
    holed[hole, 3] = 0
    return holed, hole
