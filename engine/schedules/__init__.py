"""Noise paths, and the schedules that choose which of their levels a sampler visits.

`level` holds the contracts, `paths` the forward processes models are trained on; every other
module here registers schedules with the hook `mahlstick_schedules` and may be joined by another
without an edit. Nothing in this package imports torch.
"""

from engine.schedules.level import (
    CLEAN,
    Denoise,
    Level,
    Noise,
    NoisePath,
    Sampler,
    Schedule,
)
from engine.schedules.paths import (
    CosinePath,
    FlowPath,
    PartialPath,
    TablePath,
    levels_from,
    trained_steps,
)

__all__ = [
    "CLEAN",
    "CosinePath",
    "Denoise",
    "FlowPath",
    "Level",
    "Noise",
    "NoisePath",
    "PartialPath",
    "Sampler",
    "Schedule",
    "TablePath",
    "levels_from",
    "trained_steps",
]
