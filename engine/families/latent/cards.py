"""What is told of a checkpoint before its weights are read, and the defaults that suit its kind.

A checkpoint that was distilled to few steps has the tensors of an ordinary one: what tells it
(configuration, title, metadata) chooses its steps, guidance, sampler and schedule here, and the
painter may choose others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.checkpoints.folders import read_config
from engine.checkpoints.identity import title_of
from engine.checkpoints.kinds import Identity
from engine.families import ModelCard

NAME = "latent"
_VARY = 0.75  # strength of variations: light and layout stay, things change
_STEPS = re.compile(r"(?<!\d)(\d{1,2})[ _-]?steps?(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a kind of checkpoint is best painted with."""

    steps: int
    guidance: float
    sampler: str
    schedule: str


ORDINARY: Mapping[str, Manner] = {
    "sd1": Manner(25, 7.0, "dpmpp_2m", "karras"),
    "sd2": Manner(25, 7.0, "dpmpp_2m", "karras"),
    "sdxl": Manner(28, 5.5, "dpmpp_2m", "karras"),
    "sdxl-refiner": Manner(28, 5.5, "dpmpp_2m", "karras"),
}
# A schedule for pure noise starts there, which Karras's spacing makes one long step of.
FROM_PURE_NOISE = Manner(30, 5.0, "euler", "model")
DISTILLED: Mapping[str, Manner] = {
    "lcm": Manner(6, 1.5, "lcm", "model"),
    "turbo": Manner(4, 1.0, "euler_ancestral", "model"),
    "lightning": Manner(4, 1.0, "euler", "model"),
    "hyper": Manner(8, 1.0, "ddim", "model"),
    "dmd": Manner(4, 1.0, "lcm", "model"),
    "pcm": Manner(4, 1.0, "ddim", "model"),
}
LCM_EMBEDDED = 8.0  # guidance of consistency models that are told it
NATIVE = {"sd1": 512, "sd2": 768, "sdxl": 1024, "sdxl-refiner": 1024}
_BASE = 512  # SD 2.x that predicts noise, and turbos, were trained at this


def card_of(path: Path, found: Identity) -> ModelCard:
    """Return the card of a checkpoint of this family, from its identity and configuration."""
    told = _configs(path, found)
    manner = _manner(path, found, told)
    side = _native(path, found, told)
    levels = len(told.get("unet", {}).get("block_out_channels", ())) or _levels(found)
    factor = 2 ** (len(told.get("vae", {}).get("block_out_channels", (0,) * 4)) - 1)
    return ModelCard(
        name=title_of(path),
        family=NAME,
        path=path,
        native=(side, side),
        multiple=factor * 2 ** (levels - 1),
        steps=manner.steps,
        guidance=manner.guidance,
        sampler=manner.sampler,
        schedule=manner.schedule,
        vary_strength=_VARY,
        takes_loras=True,
        notes=_notes(found),
    )


def _configs(path: Path, found: Identity) -> dict[str, Any]:
    if found.layout != "diffusers" or not path.is_dir():
        return {}
    parts = [part for part in ("unet", "vae") if (path / part / "config.json").is_file()]
    return {part: read_config(path / part / "config.json") for part in parts}


def _manner(path: Path, found: Identity, told: Mapping[str, Any]) -> Manner:
    manner = DISTILLED.get(found.distilled or "")
    if manner is not None:
        steps = _STEPS.search(title_of(path))
        if told.get("unet", {}).get("time_cond_proj_dim"):
            manner = replace(manner, guidance=LCM_EMBEDDED)
        return replace(manner, steps=int(steps[1])) if steps and int(steps[1]) else manner
    if found.zero_terminal_snr and found.prediction == "v":
        return FROM_PURE_NOISE
    return ORDINARY[str(found.architecture)]


def _native(path: Path, found: Identity, told: Mapping[str, Any]) -> int:
    """Return the side of the pictures a checkpoint was trained on."""
    sample = told.get("unet", {}).get("sample_size")
    if isinstance(sample, int):
        blocks = told.get("vae", {}).get("block_out_channels", (0,) * 4)
        return sample * 2 ** (len(blocks) - 1)
    first = found.distilled == "turbo" and re.search(r"(sd|sdxl|sd_xl)[-_]turbo", title_of(path))
    if first or (found.architecture == "sd2" and _is_base(path, found)):
        return _BASE
    return NATIVE[str(found.architecture)]


def _is_base(path: Path, found: Identity) -> bool:
    """Say whether an SD 2.x file is of the smaller kind, as those that predict noise are."""
    return found.prediction == "epsilon" or "512" in title_of(path)


def _levels(found: Identity) -> int:
    return 3 if found.architecture == "sdxl" else 4


def _notes(found: Identity) -> str:
    notes = list(found.notes)
    if found.architecture == "sdxl-refiner":
        notes.insert(0, "Made to refine pictures at low strength; it composes poorly from nothing.")
    return " ".join(notes)
