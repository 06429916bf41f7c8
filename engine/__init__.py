"""The only door into the engine: requests, events, errors, hooks, the catalogue, `Engine` itself.

Importing this package, and asking for its catalogue, does not import torch: a bridge, a command
line or an editor's test may do both and stay small. What paints is imported when first named.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from engine.api import (
    MAX_CANDIDATES,
    MAX_SEED,
    MAX_SIDE,
    MAX_STEPS,
    MODES,
    Box,
    Control,
    Denoised,
    Event,
    Extension,
    Finished,
    Layout,
    Loading,
    MaskShape,
    Mode,
    ModeRules,
    Need,
    Painted,
    PaintRequest,
    Pixels,
    Plan,
    Size,
    Started,
)
from engine.errors import (
    CancelledError,
    EngineError,
    ModelError,
    OutOfMemoryError,
    PluginError,
    RefusedError,
    RequestError,
    UnknownWordsError,
)
from engine.families import ModelCard
from engine.hookspecs import hookimpl
from engine.stamps import Stamp
from engine.verdicts import Action, Verdict
from engine.weights import Catalogue, catalogue

if TYPE_CHECKING:
    from engine.canvas.paste import Alpha, merged
    from engine.core import Engine
    from engine.labels import labelled, recorded
    from engine.provenance import replayed

_LATE = {
    "Alpha": "engine.canvas.paste",
    "Engine": "engine.core",
    "labelled": "engine.labels",
    "merged": "engine.canvas.paste",
    "recorded": "engine.labels",
    "replayed": "engine.provenance",
}

__all__ = [
    "MAX_CANDIDATES",
    "MAX_SEED",
    "MAX_SIDE",
    "MAX_STEPS",
    "MODES",
    "Action",
    "Alpha",
    "Box",
    "CancelledError",
    "Catalogue",
    "Control",
    "Denoised",
    "Engine",
    "EngineError",
    "Event",
    "Extension",
    "Finished",
    "Layout",
    "Loading",
    "MaskShape",
    "Mode",
    "ModeRules",
    "ModelCard",
    "ModelError",
    "Need",
    "OutOfMemoryError",
    "PaintRequest",
    "Painted",
    "Pixels",
    "Plan",
    "PluginError",
    "RefusedError",
    "RequestError",
    "Size",
    "Stamp",
    "Started",
    "UnknownWordsError",
    "Verdict",
    "catalogue",
    "hookimpl",
    "labelled",
    "merged",
    "recorded",
    "replayed",
]


def __getattr__(name: str) -> object:
    """Import what paints when it is first named (PEP 562)."""
    if name in _LATE:
        return getattr(import_module(_LATE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
