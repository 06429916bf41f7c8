"""What the darkroom's process does with one order."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bridge.blobs import Blobs
from bridge.workers.pipe import Note
from bridge.workers.prints import UnusableError, answered, encoded, selection


def test_lossless_webp_keeps_colour_under_transparency() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (9, 7, 4), np.uint8)
    content = encoded(Image.fromarray(pixels), "webp", None, {})
    assert (np.asarray(Image.open(io.BytesIO(content))) == pixels).all()


def test_jpeg_shows_white_where_nothing_is() -> None:
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    image = Image.open(io.BytesIO(encoded(clear, "jpeg", 100, {})))
    assert image.getpixel((4, 4)) == (255, 255, 255)


def test_soft_transparency_is_a_soft_selection() -> None:
    picture = np.full((1, 3, 4), 255, np.uint8)
    picture[0, :, 3] = (255, 100, 0)
    assert selection(picture, None) == pytest.approx(np.array([[0, 155, 255]]))


def test_a_mask_beats_the_image_s_own_transparency() -> None:
    picture, mask = np.zeros((2, 2, 4), np.uint8), np.full((2, 2, 4), 255, np.uint8)
    mask[0, 0, 3] = 0
    found = selection(picture, mask)
    assert found is not None
    assert found.tolist() == [[255, 0], [0, 0]]


def test_an_opaque_mask_is_refused() -> None:
    opaque = np.full((2, 2, 4), 255, np.uint8)
    with pytest.raises(UnusableError, match="opaque everywhere"):
        selection(opaque, opaque)


def test_a_fault_is_answered_without_its_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    answer = answered(Note({"op": "print"}), Blobs(tmp_path))
    assert answer.head["code"] == "internal"
    assert "Traceback" not in answer.head["refused"]
    assert "KeyError" in caplog.text
