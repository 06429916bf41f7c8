"""The only door into the engine: requests, events, errors, hooks, the catalogue, `Engine` itself.

Importing this package, and asking for its catalogue, does not import torch: a bridge, a command
line or an editor's test may do both and stay small. What paints is imported when first named.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from engine.api import (
    HOOK_TIMEOUT_S,
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
    DownloadError,
    EngineError,
    ModelError,
    OutOfMemoryError,
    PluginError,
    PromptError,
    RefusedError,
    RequestError,
    UnknownWordsError,
)
from engine.families import ModelCard
from engine.hookspecs import Options, hookimpl
from engine.stamps import Stamp
from engine.verdicts import Action, Verdict
from engine.weights import Catalogue, catalogue

if TYPE_CHECKING:
    from engine.adapters.switching import Switching
    from engine.canvas.paste import Alpha, merged
    from engine.checkpoints.digests import Hashing, hashes_of
    from engine.checkpoints.identity import identified
    from engine.checkpoints.keeping import (
        Moved,
        Verified,
        empty_trash,
        move_model,
        remove_model,
        trashed_models,
        verify_model,
    )
    from engine.checkpoints.kinds import Identity
    from engine.checkpoints.library import Change, Library, ModelFile, library, model_folders
    from engine.checkpoints.portraits import Portrait, portrait_of
    from engine.checkpoints.shelves import well_known
    from engine.checkpoints.stock import Stocked, stock
    from engine.core import Engine
    from engine.downloads.catalogue import Offered, offered
    from engine.downloads.events import Arriving, Checking, Pulled
    from engine.downloads.plans import PullPlan
    from engine.downloads.pulling import Downloads
    from engine.evaluation.evaluation import Evaluation
    from engine.labels import labelled, parameters, recorded, source_type
    from engine.measuring import Loop
    from engine.plugins import ActivePlugin, active_plugins, family_names
    from engine.prompts.presets import Preset, preset_book
    from engine.provenance import replayed
    from engine.stamps.watermark import watermark_of
    from engine.watching import Watch

_LATE = {
    "ActivePlugin": "engine.plugins",
    "Alpha": "engine.canvas.paste",
    "Change": "engine.checkpoints.library",
    "Hashing": "engine.checkpoints.digests",
    "hashes_of": "engine.checkpoints.digests",
    "Identity": "engine.checkpoints.kinds",
    "Library": "engine.checkpoints.library",
    "ModelFile": "engine.checkpoints.library",
    "Moved": "engine.checkpoints.keeping",
    "Portrait": "engine.checkpoints.portraits",
    "Stocked": "engine.checkpoints.stock",
    "Verified": "engine.checkpoints.keeping",
    "empty_trash": "engine.checkpoints.keeping",
    "identified": "engine.checkpoints.identity",
    "library": "engine.checkpoints.library",
    "model_folders": "engine.checkpoints.library",
    "move_model": "engine.checkpoints.keeping",
    "portrait_of": "engine.checkpoints.portraits",
    "remove_model": "engine.checkpoints.keeping",
    "stock": "engine.checkpoints.stock",
    "trashed_models": "engine.checkpoints.keeping",
    "verify_model": "engine.checkpoints.keeping",
    "well_known": "engine.checkpoints.shelves",
    "Arriving": "engine.downloads.events",
    "Checking": "engine.downloads.events",
    "Downloads": "engine.downloads.pulling",
    "Offered": "engine.downloads.catalogue",
    "PullPlan": "engine.downloads.plans",
    "Pulled": "engine.downloads.events",
    "family_names": "engine.plugins",
    "offered": "engine.downloads.catalogue",
    "Engine": "engine.core",
    "Evaluation": "engine.evaluation.evaluation",
    "Loop": "engine.measuring",
    "Watch": "engine.watching",
    "Preset": "engine.prompts.presets",
    "Switching": "engine.adapters.switching",
    "preset_book": "engine.prompts.presets",
    "active_plugins": "engine.plugins",
    "labelled": "engine.labels",
    "merged": "engine.canvas.paste",
    "parameters": "engine.labels",
    "recorded": "engine.labels",
    "replayed": "engine.provenance",
    "source_type": "engine.labels",
    "watermark_of": "engine.stamps.watermark",
}

__all__ = [
    "HOOK_TIMEOUT_S",
    "MAX_CANDIDATES",
    "MAX_SEED",
    "MAX_SIDE",
    "MAX_STEPS",
    "MODES",
    "Action",
    "ActivePlugin",
    "Alpha",
    "Arriving",
    "Box",
    "CancelledError",
    "Catalogue",
    "Change",
    "Checking",
    "Control",
    "Denoised",
    "DownloadError",
    "Downloads",
    "Engine",
    "EngineError",
    "Evaluation",
    "Event",
    "Extension",
    "Finished",
    "Hashing",
    "Identity",
    "Layout",
    "Library",
    "Loading",
    "Loop",
    "MaskShape",
    "Mode",
    "ModeRules",
    "ModelCard",
    "ModelError",
    "ModelFile",
    "Moved",
    "Need",
    "Offered",
    "Options",
    "OutOfMemoryError",
    "PaintRequest",
    "Painted",
    "Pixels",
    "Plan",
    "PluginError",
    "Portrait",
    "Preset",
    "PromptError",
    "PullPlan",
    "Pulled",
    "RefusedError",
    "RequestError",
    "Size",
    "Stamp",
    "Started",
    "Stocked",
    "Switching",
    "UnknownWordsError",
    "Verdict",
    "Verified",
    "Watch",
    "active_plugins",
    "catalogue",
    "empty_trash",
    "family_names",
    "hashes_of",
    "hookimpl",
    "identified",
    "labelled",
    "library",
    "merged",
    "model_folders",
    "move_model",
    "offered",
    "parameters",
    "portrait_of",
    "preset_book",
    "recorded",
    "remove_model",
    "replayed",
    "source_type",
    "stock",
    "trashed_models",
    "verify_model",
    "watermark_of",
    "well_known",
]


def __getattr__(name: str) -> object:
    """Import what paints when it is first named (PEP 562)."""
    if name in _LATE:
        return getattr(import_module(_LATE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
