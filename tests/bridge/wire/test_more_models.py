"""What editors say of models that could be got."""

from __future__ import annotations

from bridge.wire.messages import Obtainable
from bridge.wire.more_models import sentences, wanted

SDXL = Obtainable("sdxl", "Stable Diffusion XL", "paint", 7.0, "OpenRAIL++", "For all styles.")
SHARP = Obtainable("sharp", "Sharp", "upscale", 0.07, "MIT", "Crisp.")
CLIP = Obtainable("clip", "CLIP", "rank", 1.7, "MIT")


def test_the_command_and_a_line_for_each_are_said() -> None:
    said = sentences([SDXL, CLIP, SHARP])
    assert "mahlstick models pull sdxl" in said
    assert "sdxl: Stable Diffusion XL, 7 GB, OpenRAIL++. For all styles." in said
    assert "sharp: Sharp, 0.07 GB, MIT. Crisp." in said
    assert "CLIP" not in said


def test_what_serves_the_bridge_is_not_offered_to_painters() -> None:
    assert wanted([CLIP]) == []
    assert sentences([CLIP]) == "All models of the catalogue are there."
