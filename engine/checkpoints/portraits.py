"""The picture that shows what a model is like: beside its file, or in its header."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from engine.checkpoints.headers import read_headers
from engine.checkpoints.library import ModelFile
from engine.errors import ModelError

LARGEST = 8 * 2**20  # bytes of an encoded picture
_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}


@dataclass(frozen=True, slots=True)
class Portrait:
    """An encoded picture, as its author made it: check it like any picture before decoding."""

    data: bytes
    media_type: str


def portrait_of(file: ModelFile) -> Portrait | None:
    """Return the picture beside a model, else the one in its header; None where there is none."""
    beside = file.about.preview
    if beside is not None:
        try:
            if beside.stat().st_size <= LARGEST:
                return Portrait(beside.read_bytes(), _TYPES[beside.suffix.lower()])
        except (OSError, KeyError):
            pass
    return _in_header(file) if file.about.thumbnail else None


def _in_header(file: ModelFile) -> Portrait | None:
    try:
        told = read_headers(file.path).metadata.get("modelspec.thumbnail", "")
        kind, _, text = told.removeprefix("data:").partition(";base64,")
        data = base64.b64decode(text, validate=True)
    except (ModelError, binascii.Error, ValueError):
        return None
    return Portrait(data, kind) if data and kind in _TYPES.values() else None
