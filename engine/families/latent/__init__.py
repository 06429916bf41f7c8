"""Latent diffusion: SD 1.x, SD 2.x, SDXL, their refiner, inpainting and few-step editions.

The network denoises what an autoencoder makes of a picture, and attends to a prompt after one or
two CLIPs. Folders as diffusers writes them and single files with the original key names paint
alike. A hole is conditioned on where the network has a place for it (9 channels), and kept by
blending at every step in any case.

Importing this package imports neither torch nor diffusers: they are loaded with the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.checkpoints.identity import identified
from engine.families import ModelCard
from engine.families.latent.cards import NAME, card_of
from engine.hookspecs import hookimpl

if TYPE_CHECKING:
    from engine.families.latent.model import LatentModel
    from engine.hookspecs import Options

SUFFIX = ".safetensors"
INDEX = "model_index.json"


class LatentFamily:
    """Recognises and loads checkpoints of this family."""

    name = NAME

    def __init__(self, own: Path | None = None) -> None:
        """`own` is the folder that models are pulled into; what others lack is borrowed there."""
        self._own = own

    def recognise(self, path: Path) -> ModelCard | None:
        """Return a card when the folder or file is a whole checkpoint of this family."""
        is_file = path.suffix.lower() == SUFFIX and path.is_file()
        if not is_file and not (path / INDEX).is_file():
            return None
        found = identified(path)
        if found.family != NAME or found.kind != "checkpoint" or found.reason:
            return None
        return card_of(path, found)

    def load(self, card: ModelCard, device: str, precision: str) -> LatentModel:
        """Read the weights."""
        from engine.families.latent.loading import loaded

        return loaded(card, device, precision, own=self._own)

    def load_aside(self, card: ModelCard, device: str, precision: str) -> LatentModel:
        """Read the weights into main memory, for a model that computes on a device."""
        from engine.families.latent.loading import loaded

        return loaded(card, device, precision, weights="cpu", own=self._own)


class LatentCheckpoints:
    """The family as a plugin of one engine, whose settings say where models are pulled to."""

    def __init__(self, options: Options) -> None:
        folder = options.get("library", {}).get("folder")
        self._own = None if not folder else Path(str(folder)).expanduser()

    @hookimpl
    def mahlstick_families(self) -> Sequence[LatentFamily]:
        """Register the family."""
        return (LatentFamily(self._own),)


@hookimpl
def mahlstick_plugins(options: Options) -> Sequence[LatentCheckpoints]:
    """Register the plugin of one engine."""
    return (LatentCheckpoints(options),)
