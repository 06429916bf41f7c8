"""A LoRA file as what it adds to the layers of one model; refused before any weight is read.

The bytes go to the device in one piece, and every tensor is a view of them: what reading costs is
what copying the bytes costs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.adapters.keys import grouped
from engine.adapters.kinds import Held, Scales, fits, held, made
from engine.adapters.places import Place, Places
from engine.adapters.terms import LowRank, Term, Third
from engine.checkpoints.headers import Header, read_header
from engine.checkpoints.loras import lora_of
from engine.errors import ModelError, RequestError

_METADATA = "lora_adapter_metadata"  # diffusers' name for peft's configuration
_TYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
_TITLES = {"sd1": "SD 1.x", "sd2": "SD 2.x", "sdxl": "SDXL", "sdxl-refiner": "SDXL's refiner"}
_SHOWN = 3  # names of what could not be read that a note shows


@dataclass(frozen=True, slots=True)
class Fitted:
    """A layer's tensors in a file, and the layers of the model they are for."""

    name: str  # of the layer, in the file
    tensors: Mapping[str, str]  # slot -> tensor's name
    held: Held
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Matched:
    """A file's header beside a model: what goes where, and what is left over."""

    header: Header
    fitted: tuple[Fitted, ...]
    unread: tuple[str, ...]  # names of tensors that nothing is made of


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file adds to a model at strength 1, its weights on a device."""

    terms: tuple[tuple[Place, Term], ...]
    bytes: int
    unread: tuple[str, ...]

    def note(self, name: str) -> str | None:
        """Return a sentence on what of the file this model cannot use; None: it uses all of it."""
        if not self.unread:
            return None
        shown = ", ".join(self.unread[:_SHOWN]) + (", ..." if len(self.unread) > _SHOWN else "")
        return (
            f"{len(self.unread)} tensors of the LoRA {name} are for layers that this model does "
            f"not have, or of a kind that is not known, and were left out: {shown}."
        )


def matched(path: Path, name: str, places: Places) -> Matched:
    """Return what of a file goes where in a model, from its header alone.

    ModelError for a file that is broken, RequestError for a file of another model; nothing of
    either can be applied.
    """
    header = read_header(path)
    layers, unread = grouped(header.tensors)
    fitted: list[Fitted] = []
    misfits = 0
    for layer, tensors in layers.items():
        shapes = {slot: header.tensors[key].shape for slot, key in tensors.items()}
        found, where = held(frozenset(shapes)), places.of(layer)
        if not where or not found.kinds:
            unread += tensors.values()
            continue
        unread += (tensors[slot] for slot in sorted(found.unread))
        misfits += not all(fits(found, shapes, *_sizes(place)) for place in where)
        fitted.append(Fitted(layer, tensors, found, where))
    if misfits or not fitted:
        raise RequestError("prompt", _another(name, header, len(layers), misfits))
    _check_types(header)
    return Matched(header, tuple(fitted), tuple(unread))


def loaded(found: Matched, device: torch.device, dtype: torch.dtype) -> Loaded:
    """Read a file's weights to a device, as what is computed with there where nothing is lost."""
    plain = all(fitted.held.is_plain for fitted in found.fitted)
    tensors = _tensors(found.header, device, dtype if plain else None)
    told = _configuration(found.header)
    terms: list[tuple[Place, Term]] = []
    for fitted in found.fitted:
        own = {slot: tensors[key] for slot, key in fitted.tensors.items()}
        for place in fitted.places:
            scales = _scales(told, place) if told else Scales()
            found_here = made(fitted.held, own, scales, *_sizes(place))
            terms += ((place, _part(term, place)) for term in found_here)
    size = sum(info.bytes for info in found.header.tensors.values())
    return Loaded(tuple(terms), size, found.unread)


def _part(term: Term, place: Place) -> Term:
    if place.third is None:
        return term
    return term.third(place.third) if isinstance(term, LowRank) else Third(term, place.third)


def _sizes(place: Place) -> tuple[tuple[int, ...], int]:
    """Return the shape of a layer's weight, and how many outputs the file's has."""
    shape = tuple(place.layer.weight.shape)
    return shape, shape[0] * (1 if place.third is None else 3)


def _another(name: str, header: Header, layers: int, misfits: int) -> str:
    """Return the sentence on a file that is for another model."""
    what = f"The LoRA {name} ({header.path.name}) is for another kind of model: "
    told = lora_of(header)
    base = None if told is None or told.architecture is None else told.architecture
    made_for = f" It was made for {_TITLES.get(base, base)}." if base else ""
    if misfits:
        why = f"{misfits} of its {layers} layers have other sizes than this model's."
    elif layers:
        why = f"this model has none of its {layers} layers."
    else:
        why = "it holds nothing that could be added to a model."
    return f"{what}{why}{made_for} Remove it from the prompt, or choose a model that it fits."


def _check_types(header: Header) -> None:
    for name, info in header.tensors.items():
        if info.dtype not in _TYPES:
            raise ModelError(
                f"{header.path} holds {name} in the type {info.dtype}; a LoRA's tensors may be "
                f"{', '.join(_TYPES)}. Get another edition of the file."
            )


def _tensors(header: Header, device: torch.device, dtype: torch.dtype | None) -> dict[str, Tensor]:
    """Return all tensors of a file, as `dtype` where one is given; single numbers on the CPU.

    What lies side by side in one type is moved and converted in one piece.
    """
    flat, offsets = _read(header)
    ordered = sorted(header.tensors, key=lambda name: offsets[name])
    tensors: dict[str, Tensor] = {}
    for kind, group in groupby(ordered, key=lambda name: header.tensors[name].dtype):
        names = list(group)
        first, size = offsets[names[0]][0], _TYPES[kind].itemsize
        here = flat[first : offsets[names[-1]][1]]
        here = (here.clone() if first % size else here).view(_TYPES[kind])
        there = here.to(device, dtype) if _TYPES[kind].is_floating_point else here.to(device)
        for name in names:
            shape = header.tensors[name].shape
            start, end = ((offset - first) // size for offset in offsets[name])
            tensors[name] = (there if end - start > 1 else here)[start:end].view(shape)
    return tensors


def _read(header: Header) -> tuple[Tensor, dict[str, tuple[int, int]]]:
    """Return a file's data, uint8, and where in it each tensor begins and ends."""
    with header.path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        told = json.loads(stream.read(length))
        flat = torch.empty(sum(info.bytes for info in header.tensors.values()), dtype=torch.uint8)
        read = stream.readinto(flat.numpy().data) if len(flat) else 0
    if read != len(flat) or not header.tensors.keys() <= told.keys():
        raise ModelError(f"{header.path} was changed while it was read. Try again.")
    return flat, {name: tuple(told[name]["data_offsets"]) for name in header.tensors}


def _scales(told: Mapping[str, Any], place: Place) -> Scales:
    """Return what peft's configuration says of a layer's scale.

    LyCORIS's `rs_lora` needs nothing here: it writes alphas from which the root is out already.
    """
    alpha = told.get(f"{place.part}.lora_alpha")
    pattern = told.get(f"{place.part}.alpha_pattern")
    for key, own in (pattern if isinstance(pattern, dict) else {}).items():
        if re.fullmatch(rf"(?:.*\.)?{re.escape(str(key))}", place.path):
            alpha = own
    if not isinstance(alpha, (int, float)):
        return Scales()
    return Scales(float(alpha), by_root=told.get(f"{place.part}.use_rslora") is True)


def _configuration(header: Header) -> dict[str, Any]:
    try:
        told = json.loads(header.metadata.get(_METADATA, "{}"))
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
