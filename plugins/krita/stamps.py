"""A PNG file that says how it was made: text chunks, put in without touching a pixel."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER_END = len(SIGNATURE) + 25  # IHDR: length, name, 13 bytes, checksum


def stamped(png: bytes, texts: Mapping[str, str]) -> bytes:
    """Return a PNG with these texts in it; raises `ValueError` when the bytes are no PNG."""
    if not png.startswith(SIGNATURE) or png[12:16] != b"IHDR":
        raise ValueError("The bytes are no PNG file; accepted is one that Krita exported.")
    chunks = b"".join(_chunk(key, text) for key, text in texts.items())
    return png[:_HEADER_END] + chunks + png[_HEADER_END:]


def _chunk(key: str, text: str) -> bytes:
    # iTXt: keyword, not compressed, no language, no translated keyword, then UTF-8.
    body = b"iTXt" + key.encode("latin-1") + b"\0\0\0\0\0" + text.encode("utf-8")
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
