"""Where in a model's networks the layers of a LoRA file lie, whatever the file calls them.

A file's name for a layer is a beginning, which tells the network, and a path, with dots or with
underscores between its parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch import nn

from engine.adapters.original import blocks, of_layer, of_tower

Layer = nn.Linear | nn.Conv2d | nn.GroupNorm | nn.LayerNorm
"""What can be added to."""
_KINDS = (nn.Linear, nn.Conv2d, nn.GroupNorm, nn.LayerNorm)
_DENOISER = (
    "lora_unet_",
    "lycoris_",
    "diffusion_model.",
    "model.diffusion_model.",
    "base_model.model.",
    "",
)
_WORDS = {
    "text_encoder": (
        "lora_te_",
        "lora_te1_",
        "clip_l.transformer.",
        "clip_h.transformer.",
        "text_encoders.clip_l.transformer.",
        "text_encoders.clip_h.transformer.",
        "cond_stage_model.transformer.",
        "cond_stage_model.model.",
        "conditioner.embedders.0.transformer.",
    ),
    "text_encoder_2": (
        "lora_te2_",
        "clip_g.transformer.",
        "text_encoders.clip_g.transformer.",
        "conditioner.embedders.1.model.",
    ),
}
_ONLY = ("lora_te_", "lora_te1_", "lora_te2_")  # some trainers count an only encoder, some do not


@dataclass(frozen=True, slots=True)
class Place:
    """A layer; `third` is the part of the file's matrix that is the layer's, None = all of it."""

    part: str  # of the model, named as in a diffusers folder
    path: str
    layer: Layer
    third: int | None = None


class Places:
    """The layers of a model's networks by every name that files have for them."""

    def __init__(self, parts: Mapping[str, nn.Module]) -> None:
        """`parts` are named as in a diffusers folder: `unet`, `text_encoder`, `text_encoder_2`."""
        encoders = [part for part in parts if part.startswith("text_encoder")]
        self._parts = {
            part: _encoder(part, network) if part in encoders else _denoiser(part, network)
            for part, network in parts.items()
        }
        # Encoders first: a denoiser takes names without any beginning.
        self._beginnings = [
            (beginning, part)
            for part in (*encoders, *(part for part in parts if part not in encoders))
            for beginning in _beginnings(part, alone=encoders == [part])
        ]

    def of(self, name: str) -> tuple[Place, ...]:
        """Return the layers that a file's name means; several where the file holds them as one."""
        for beginning, part in self._beginnings:
            if name.startswith(beginning):
                path = name[len(beginning) :].replace(".", "_").removeprefix("text_model_")
                places = self._parts[part].get(path)
                if places:
                    return places
        return ()


def _beginnings(part: str, *, alone: bool) -> tuple[str, ...]:
    own = (f"{part}.", f"lora_{part}_")
    if not part.startswith("text_encoder"):
        return (*own, *_DENOISER)
    return (*own, *_WORDS.get(part, ()), *(_ONLY if alone else ()))


def _denoiser(part: str, network: nn.Module) -> dict[str, tuple[Place, ...]]:
    """Return the layers by their paths, diffusers' and the original ones."""
    known: dict[str, tuple[Place, ...]] = {}
    original = blocks(network)
    for path, layer in _layers(network):
        places = (Place(part, path, layer),)
        known.setdefault(_flat(path), places)
        first = of_layer(path, original)
        if first is not None:
            known.setdefault(_flat(first), places)
    return known


def _encoder(part: str, network: nn.Module) -> dict[str, tuple[Place, ...]]:
    """Return the layers by their paths, transformers' and OpenCLIP's, without `text_model`."""
    known: dict[str, tuple[Place, ...]] = {}
    for path, layer in _layers(network):
        short = path.removeprefix("text_model.")
        known[_flat(short)] = (Place(part, path, layer),)
        for first, third in of_tower(short):
            known[_flat(first)] = (*known.get(_flat(first), ()), Place(part, path, layer, third))
    return known


def _flat(path: str) -> str:
    return path.replace(".", "_")


def _layers(network: nn.Module) -> Iterator[tuple[str, Layer]]:
    for path, layer in network.named_modules():
        if isinstance(layer, _KINDS) and layer.weight is not None:
            yield path, layer
