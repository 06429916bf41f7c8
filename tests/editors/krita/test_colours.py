"""Documents of other colour models and depths in the real Krita."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from bridge.wire.messages import Submit
from tests.editors.krita.conftest import PHOTOGRAPH, Play
from tests.editors.krita.studio import Report
from tests.editors.scripted_bridge import Part, Pixels, scripted_bridge

pytestmark = pytest.mark.editor
BYTES = {"gray": 2, "16bit": 8, "linear": 16, "adobe": 4}  # of a pixel in the document
LEFT, TOP, WIDTH, HEIGHT = 40, 30, 80, 60
BOX = np.s_[TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH]


def saved(report: Report, name: str, channels: int) -> NDArray[np.uint8]:
    """A merged picture that the scenario saved, (H, W, channels)."""
    return np.fromfile(report.out / name, np.uint8).reshape(120, 180, channels)


def check(report: Report, asked: Submit, original: NDArray[np.uint8], best: Pixels) -> None:
    """What holds for one document: sent and painted in sRGB, untouched outside."""
    name = asked.prompt
    assert str(report.facts[name]).startswith("Done")
    assert report.facts[f"{name}_open"] == 1
    assert asked.image is not None
    sent = np.frombuffer(asked.image.data, np.uint8).reshape(original.shape).astype(int)
    before, after = (saved(report, f"{name}-{t}.native", BYTES[name]) for t in ("before", "after"))
    outside = np.ones(original.shape[:2], bool)
    outside[BOX] = False
    assert (before[outside] == after[outside]).all()
    painted = saved(report, f"{name}-after-srgb.bgra", 4)[BOX][..., [2, 1, 0]].astype(int)
    wanted = best[..., :3].astype(int)
    if name == "gray":
        brightness = wanted @ [0.2126, 0.7152, 0.0722]
        assert np.corrcoef(painted.mean(-1).ravel(), brightness.ravel())[0, 1] > 0.95
    else:
        assert np.abs(sent - original).max() <= 1
        assert np.abs(painted - wanted).max() <= 1


def test_every_kind_of_document_is_sent_and_painted_in_srgb(play: Play, tmp_path: Path) -> None:
    with Image.open(PHOTOGRAPH) as picture:
        small = np.asarray(picture.resize((180, 120)).convert("RGBA"))
    pixels = tmp_path / "small.bgra"
    pixels.write_bytes(small[..., [2, 1, 0, 3]].tobytes())
    part = Part()
    with scripted_bridge(part, tmp_path) as file:
        report = play("colours", file, small=str(pixels), small_width="180", small_height="120")
    assert [asked.prompt for asked in part.submitted()] == list(BYTES)
    for asked in part.submitted():
        check(report, asked, small, part.painted[asked.prompt])
    assert "CMYKA; accepted are RGB and grayscale" in str(report.facts["ink"])
    assert report.facts["ink_layers"] == ["Background", "Selection Mask"]
