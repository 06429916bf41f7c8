"""A PNG gets texts, and nothing else of it changes."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from plugins.krita.stamps import stamped


def test_the_texts_can_be_read_and_the_pixels_are_the_same() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (5, 7, 4), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    record = json.dumps({"prompt": "ein Mönch am Meer 🌙"}, ensure_ascii=False)
    png = stamped(file.getvalue(), {"mahlstick": record, "Software": "Krita"})
    with Image.open(io.BytesIO(png)) as picture:
        picture.load()
        assert picture.text["mahlstick"] == record
        assert picture.text["Software"] == "Krita"
        assert (np.asarray(picture) == pixels).all()


@pytest.mark.parametrize("bad", [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\nnot a header"])
def test_what_is_no_png_is_refused(bad: bytes) -> None:
    with pytest.raises(ValueError, match="no PNG file"):
        stamped(bad, {})
