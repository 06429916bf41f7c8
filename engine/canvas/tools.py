"""The exchangeable parts of a canvas's plan: what fills holes and borders, what enlarges."""

from __future__ import annotations

from typing import NamedTuple

from engine.prefills import Prefill
from engine.prefills.surroundings import continued, surface
from engine.upscalers import Upscaler
from engine.upscalers.resampling import lanczos


class Tools(NamedTuple):
    """What one job works with; the defaults are what suits most pictures."""

    hole: Prefill = surface  # for a hole in a picture, and for transparency
    border: Prefill = continued  # for new canvas around a picture
    upscale: Upscaler = lanczos
