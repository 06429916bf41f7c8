"""Every other procedure in the real GIMP 3.0, called by a script, with the real engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.editors.bridges import running_bridge
from tests.editors.gimp.studio import Studio
from tests.engine import tiny
from tests.engine.tiny import write_model

pytestmark = pytest.mark.editor

MODES = {
    "generate-layer": "generate",
    "refine": "refine",
    "vary-layer": "vary",
    "outpaint": "outpaint",
}


def test_every_procedure_adds_one_layer_and_outpainting_keeps_the_old_pixels(
    studio: Studio, photograph: Path, tmp_path: Path
) -> None:
    told = {"picture": studio.bring(photograph, "sunset.jpg")}
    models = [write_model(tmp_path / "tiny")]
    with running_bridge(tmp_path, models, [Path(tiny.__file__)]) as bridge:
        report = studio.headless("actions", told, bridge.connection_file)
    assert report.complaints() == []
    for verb, mode in MODES.items():
        facts = report.facts[verb]
        assert isinstance(facts, dict)
        assert facts["status"] == "success", (verb, facts["message"])
        assert facts["layers"] == ["red", "Background"], verb
        assert facts["mode"] == mode
        outpainted = verb == "outpaint"
        assert facts["size"] == ([304, 176] if outpainted else [240, 160])
        assert facts["background_at"] == ([40, 0] if outpainted else [0, 0])
        assert facts["old_pixels_kept"] == outpainted, verb
    grown = np.asarray(Image.open(studio.out / "outpaint.png").convert("RGB")).astype(int)
    added = np.concatenate([grown[:160, :40].reshape(-1, 3), grown[160:].reshape(-1, 3)])
    assert added.any(axis=1).mean() > 0.9
