"""LoRAs over the networks of a loaded model, changed between one step and the next.

A set of LoRAs is a forward pass of its own for every layer it touches; taking the set away leaves
the layers as they were, their weights untouched throughout. Files and sets that were used lately
are kept, so that coming back to one costs nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from engine.adapters.files import Loaded, loaded, matched
from engine.adapters.layers import Adapted
from engine.adapters.places import Place, Places
from engine.adapters.terms import Term
from engine.adapters.wanted import Wanted
from engine.errors import ModelError

KEPT_BYTES = 2 * 2**30  # of files that are not in use just now
KEPT_SETS = 8
_FEWEST_BYTES = 2  # of a number that is computed with; smaller ones are only kept
Stamp = tuple[Path, int, int]  # a file, when it was written, its size


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """LoRAs that are used together, read and ready; `notes` are sentences for the painter."""

    layers: tuple[Adapted, ...] = ()
    files: frozenset[Stamp] = frozenset()
    notes: tuple[str, ...] = ()
    words_key: tuple[tuple[str, int, int, float], ...] = ()
    """What text encoders compute with: a part of the key of what is remembered of them."""


class Adapters:
    """What is laid over one model's networks; use it from the thread that computes with them."""

    def __init__(self, parts: Mapping[str, nn.Module], kept_bytes: int = KEPT_BYTES) -> None:
        """`parts` are the model's networks by their names in a diffusers folder.

        Known are `unet`, `text_encoder` and `text_encoder_2`; files for others (`transformer`) are
        read by diffusers' own names. `kept_bytes` is what files may take that are not in use.
        """
        self._parts, self._kept_bytes = dict(parts), kept_bytes
        self._places: Places | None = None  # read off the networks when first needed
        self._files: OrderedDict[Stamp, Loaded] = OrderedDict()
        self._sets: OrderedDict[tuple, Chosen] = OrderedDict()
        self._nothing = self._now = Chosen()

    @property
    def bytes(self) -> int:
        """How much the files take that are kept, in use or not."""
        return sum(file.bytes for file in self._files.values())

    def use(self, wanted: Sequence[Wanted]) -> tuple[str, ...]:
        """Lay exactly these LoRAs over the networks; returns sentences for the painter.

        No LoRAs leave the networks as they were. Raises what `chosen` does; what was in use before
        is then in use still.
        """
        chosen = self.chosen(wanted)
        self.put(chosen)
        return chosen.notes

    def chosen(self, wanted: Sequence[Wanted]) -> Chosen:
        """Return these LoRAs, read, to be `put` as often as is needed.

        ModelError for a file that is broken, RequestError for one of another model.
        """
        if not wanted:
            return self._nothing
        key = tuple(
            (_stamp(one), one.strength("unet"), one.strength("text_encoder")) for one in wanted
        )
        if key not in self._sets:
            self._sets[key] = self._made(key, wanted)
        self._sets.move_to_end(key)
        self._forget()
        return self._sets[key]

    def put(self, chosen: Chosen) -> None:
        """Compute with exactly these LoRAs from now on; as good as free where they are already."""
        if chosen is self._now:
            return
        for layer in self._now.layers:
            layer.take_away()
        for layer in chosen.layers:
            layer.put()
        self._now = chosen

    def forget(self) -> None:
        """Take all LoRAs away and give their memory back."""
        self.use(())
        self._files.clear()
        self._sets.clear()

    def _made(self, key: tuple, wanted: Sequence[Wanted]) -> Chosen:
        if self._places is None:
            self._places = Places(self._parts)
        # All headers before any weights: a set is refused at once, and as a whole.
        found = {
            stamp: matched(one.path, one.name, self._places)
            for (stamp, *_), one in zip(key, wanted, strict=True)
            if stamp not in self._files
        }
        for stamp, match in found.items():
            self._files[stamp] = loaded(match, *self._computing())
        layers: dict[tuple[str, str], tuple[Place, list[tuple[Term, float]]]] = {}
        notes: dict[str, None] = {}
        for (stamp, *_), one in zip(key, wanted, strict=True):
            file = self._files[stamp]
            self._files.move_to_end(stamp)
            notes |= {note: None for note in (file.note(one.name),) if note}
            for place, term in file.terms:
                strength = one.strength(place.part)
                if strength:
                    held = layers.setdefault((place.part, place.path), (place, []))
                    held[1].append((term, strength))
        adapted = tuple(Adapted(place.layer, terms) for place, terms in layers.values())
        for layer in adapted:
            layer.prepare()
        words = tuple((str(path), *when, weight) for (path, *when), _, weight in key if weight)
        return Chosen(adapted, frozenset(stamp for stamp, *_ in key), tuple(notes), words)

    def _computing(self) -> tuple[torch.device, torch.dtype]:
        """Return where and in what the denoiser computes; others move what is theirs."""
        first = next(iter(self._parts.values()), None)
        weight = None if first is None else next(first.parameters(), None)
        if weight is None or weight.device.type == "meta" or weight.itemsize < _FEWEST_BYTES:
            return torch.device("cpu"), torch.float32
        return weight.device, weight.dtype

    def _forget(self) -> None:
        """Drop the sets and files that were not used for longest, beyond what may be kept."""
        while len(self._sets) > KEPT_SETS:
            self._sets.popitem(last=False)
        newest = next(reversed(self._sets.values()), self._nothing)
        idle = [stamp for stamp in self._files if stamp not in self._now.files | newest.files]
        size = sum(self._files[stamp].bytes for stamp in idle)
        for stamp in idle:
            if size <= self._kept_bytes:
                return
            size -= self._files.pop(stamp).bytes
            self._sets = OrderedDict(
                (key, one) for key, one in self._sets.items() if stamp not in one.files
            )


def _stamp(wanted: Wanted) -> Stamp:
    try:
        told = wanted.path.stat()
    except OSError as error:
        raise ModelError(
            f"The LoRA {wanted.name} at {wanted.path} cannot be read ({error.strerror}). Check "
            "that it is still there."
        ) from error
    return wanted.path, told.st_mtime_ns, told.st_size
