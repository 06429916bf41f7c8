"""What was painted in a document, kept inside it: an annotation of the .kra file.

It survives save, reopen and duplicate, and names nothing outside the document.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .libkis import Document
from .measures import Edge, Measure
from .protocol import Extension, Rect
from .wishes import Wish

ANNOTATION = "mahlstick/history.json"
LONGEST = 200  # entries; the oldest go first


@dataclass(frozen=True)
class Entry:
    """One painting that was laid on the canvas."""

    job: str
    candidate: int
    seed: int
    time: float  # seconds since the epoch
    label: str  # what the button said
    layer: str  # Krita's id of the layer
    rect: Rect  # canvas pixels
    wish: Wish
    record: Mapping[str, object] = field(default_factory=dict)  # the bridge's: all a replay needs
    thumbnail: str = ""  # a small JPEG, base64
    mask: str = ""  # where paint went in `rect`: one byte a pixel, deflated, base64

    @property
    def name(self) -> str:
        """A line for a list."""
        return f"{self.wish.prompt or self.label} [{self.seed}]"

    def picture(self) -> bytes:
        """Return the thumbnail's file."""
        return base64.b64decode(self.thumbnail)

    def selection(self) -> bytes:
        """Return the mask, one byte a pixel; empty when there is none of the right size."""
        try:
            mask = zlib.decompress(base64.b64decode(self.mask))
        except (ValueError, zlib.error):
            return b""
        return mask if len(mask) == self.rect.width * self.rect.height else b""


def packed(pixels: bytes) -> str:
    """Return bytes as text for an entry."""
    return base64.b64encode(pixels).decode("ascii")


def deflated(mask: bytes) -> str:
    """Return a mask as text for an entry."""
    return packed(zlib.compress(mask, 6))


def entries_of(document: Document) -> list[Entry]:
    """Return what was painted in a document, newest first; what cannot be read is left out."""
    if ANNOTATION not in document.annotationTypes():
        return []
    try:
        told = json.loads(bytes(document.annotation(ANNOTATION)).decode("utf-8"))
    except ValueError:
        return []
    found = [_entry_of(line) for line in told] if isinstance(told, list) else []
    return [entry for entry in found if entry is not None]


def remember(document: Document, entry: Entry) -> None:
    """Put an entry first; an earlier one of the same job is replaced. No undo entry."""
    others = [known for known in entries_of(document) if known.job != entry.job]
    _write(document, [entry, *others][:LONGEST])


def forget(document: Document, job: str) -> None:
    """Take a job's entry out."""
    _write(document, [known for known in entries_of(document) if known.job != job])


def _write(document: Document, entries: list[Entry]) -> None:
    if entries:
        text = json.dumps([asdict(entry) for entry in entries], separators=(",", ":"))
        document.setAnnotation(ANNOTATION, "What Mahlstick painted here", text.encode("utf-8"))
    else:
        document.removeAnnotation(ANNOTATION)


def _entry_of(told: Mapping[str, Any]) -> Entry | None:
    try:
        return Entry(**{**told, "rect": Rect(**told["rect"]), "wish": wish_of(told["wish"])})
    except (TypeError, KeyError):
        return None  # another version's


def wish_of(told: Mapping[str, Any]) -> Wish:
    """Return a wish that was written as JSON; raises `TypeError` or `KeyError` if it is none."""
    extension = told["extension"]
    edges = {name: None if m is None else Measure(**m) for name, m in told["edge"].items()}
    return Wish(
        **{
            **told,
            "extension": None if extension is None else Extension(**extension),
            "edge": Edge(**edges),
            "presets": tuple(told["presets"]),
        }
    )
