"""Where in a model's networks the layers of a LoRA file lie, whatever the file calls them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from torch import nn

from engine.adapters.original import blocks, of_layer, of_tower

Layer = nn.Linear | nn.Conv2d | nn.GroupNorm | nn.LayerNorm
"""What can be added to."""
_WORDS = {  # part of the model -> what files put before the names of its layers
    "text_encoder": (
        ("lora_te", "lora_te1"),
        (
            "clip_l.transformer",
            "clip_h.transformer",
            "text_encoders.clip_l.transformer",
            "text_encoders.clip_h.transformer",
            "cond_stage_model.transformer",
            "conditioner.embedders.0.transformer",
        ),
        ("cond_stage_model.model",),
    ),
    "text_encoder_2": (
        ("lora_te2",),
        ("clip_g.transformer", "text_encoders.clip_g.transformer"),
        ("conditioner.embedders.1.model",),
    ),
}


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
        self._known: dict[str, list[Place]] = {}
        for part, network in parts.items():
            if part.startswith("text_encoder"):
                self._add_words(part, network, alone=len(_encoders(parts)) == 1)
            else:
                self._add_denoiser(part, network)

    def of(self, name: str) -> tuple[Place, ...]:
        """Return the layers that a file's name means; several where the file holds them as one."""
        return tuple(self._known.get(name, ()))

    def _add_denoiser(self, part: str, network: nn.Module) -> None:
        original = blocks(network)
        for path, layer in _layers(network):
            place = Place(part, path, layer)
            self._add(place, _denoiser_names(part, path))
            first = of_layer(path, original)
            if first is not None:
                flat = first.replace(".", "_")
                dotted = (f"diffusion_model.{first}", f"model.diffusion_model.{first}", first)
                self._add(place, (*dotted, f"lora_unet_{flat}", f"lycoris_{flat}"))

    def _add_words(self, part: str, network: nn.Module, *, alone: bool) -> None:
        flat, dotted, tower = _WORDS.get(part, ((), (), ()))
        if alone:  # some trainers count an only encoder, some do not
            flat = ("lora_te", "lora_te1", "lora_te2")
        for path, layer in _layers(network):
            short = path.removeprefix("text_model.")
            whole = short if short.startswith("text_projection") else f"text_model.{short}"
            place = Place(part, path, layer)
            for name in (whole, short):
                self._add(place, [f"{first}.{name}" for first in (part, *dotted)])
                self._add(place, [f"{first}_{name.replace('.', '_')}" for first in flat])
            for name, third in of_tower(short):
                piece = Place(part, path, layer, third)
                self._add(piece, [f"{first}.{name}" for first in tower])
                self._add(piece, [f"{first}_{name.replace('.', '_')}" for first in flat])

    def _add(self, place: Place, names: Iterable[str]) -> None:
        for name in names:
            places = self._known.setdefault(name, [])
            if not places or (place.third is not None and places[0].third is not None):
                places.append(place)


def _encoders(parts: Mapping[str, nn.Module]) -> list[str]:
    return [part for part in parts if part.startswith("text_encoder")]


def _layers(network: nn.Module) -> Iterator[tuple[str, Layer]]:
    for path, layer in network.named_modules():
        if isinstance(layer, Layer) and layer.weight is not None:
            yield path, layer


def _denoiser_names(part: str, path: str) -> tuple[str, ...]:
    flat = path.replace(".", "_")
    return (
        f"{part}.{path}",
        path,
        f"base_model.model.{path}",
        f"diffusion_model.{path}",
        f"lora_unet_{flat}",
        f"lora_{part}_{flat}",
        f"lycoris_{flat}",
    )
