"""Holes in a picture are found without reading all of it."""

from __future__ import annotations

import numpy as np
import pytest

from plugins.krita.scout import EVERY, ROWS, Scout
from tests.plugins.krita.fakes import FakeDocument, FakeKrita


class DeepDocument(FakeDocument):
    """A document whose pixels are of another depth; only the alpha channel is told apart."""

    depth = "U8"

    def colorDepth(self) -> str:
        return self.depth

    def pixelData(self, x: int, y: int, w: int, h: int) -> bytes:
        alpha = self.painting.pixels[y : y + h, x : x + w, 3]
        kinds = {"U16": (np.uint16, 65535), "F32": (np.float32, 1.0), "F16": (np.float16, 1.0)}
        kind, full = kinds[self.depth]
        pixels = np.zeros((h, w, 4), kind)
        pixels[..., 3] = alpha / 255 * full
        return pixels.tobytes()


def looked(scout: Scout, document: FakeDocument) -> int:
    """Look until the whole picture was seen once; return how many turns that took."""
    turns = -(-document.height() // (EVERY * ROWS)) + 1
    for _ in range(turns):
        scout.look(document)
    return turns


def test_a_hole_is_found_and_its_end_is_seen() -> None:
    document = FakeKrita().new(64, 400)
    scout = Scout()
    looked(scout, document)
    assert not scout.holes_in(document)
    document.painting.pixels[200:220, 10:20, 3] = 0
    looked(scout, document)
    assert scout.holes_in(document)
    document.painting.pixels[..., 3] = 255
    looked(scout, document)
    looked(scout, document)
    assert not scout.holes_in(document)


def test_a_canvas_without_any_paint_has_no_hole() -> None:
    document = FakeKrita().new(64, 100)
    document.painting.pixels[..., 3] = 0
    document.merged = lambda: document.painting.pixels
    scout = Scout()
    looked(scout, document)
    assert not scout.holes_in(document)


@pytest.mark.parametrize("depth", ["U16", "F16", "F32"])
def test_holes_are_found_in_documents_of_any_depth(depth: str) -> None:
    app = FakeKrita()
    document = DeepDocument(app, 48, 64)
    document.depth = depth
    scout = Scout()
    looked(scout, document)
    assert not scout.holes_in(document)
    document.painting.pixels[8:30, 5:9, 3] = 128
    looked(scout, document)
    assert scout.holes_in(document)


def test_what_was_seen_of_one_picture_is_not_told_of_another() -> None:
    app = FakeKrita()
    document = app.new(64, 64)
    document.painting.pixels[16:32, 10:20, 3] = 0
    scout = Scout()
    looked(scout, document)
    assert scout.holes_in(document)
    assert not scout.holes_in(app.new())
