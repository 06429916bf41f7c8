"""The LoRAs of a prompt as files and strengths; what a painter is told when a name is unknown."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import RequestError
from engine.prompts import Lora

NEAR = 3  # names that are offered in place of an unknown one
SHOWN = 6  # names that are shown where none is near


@dataclass(frozen=True, slots=True)
class Additions:
    """The files that a prompt may name, by their names."""

    loras: Mapping[str, Path] = field(default_factory=dict)
    embeddings: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file that is to be laid over a model, and how much of it, 1 = as it was trained."""

    name: str  # as the painter wrote it
    path: Path
    weight: float = 1.0  # of what it adds to the denoiser
    words_weight: float | None = None  # of what it adds to text encoders; None = `weight`

    def strength(self, part: str) -> float:
        """Return how much is added to a part of the model, named as in a diffusers folder."""
        if self.words_weight is None or not part.startswith("text_encoder"):
            return self.weight
        return self.words_weight


def wanted(loras: Sequence[Lora], library: Mapping[str, Path]) -> tuple[Wanted, ...]:
    """Return the files of a prompt's LoRAs, in its order; RequestError for an unknown name.

    A name may be written in other cases, and with or without the folders and the suffix of its
    file, as long as only one file is meant by it.
    """
    return tuple(
        Wanted(lora.name, located(lora.name, library), lora.weight, lora.words_weight)
        for lora in loras
    )


def located(name: str, library: Mapping[str, Path], kind: str = "LoRA") -> Path:
    """Return the file a name stands for; RequestError for a name of none, or of several."""
    if name in library:
        return library[name]
    meant = _plain(name)
    for same in (_plain, lambda known: _plain(known).rpartition("/")[2]):
        found = {known: path for known, path in library.items() if same(known) == meant}
        if len(set(found.values())) == 1:
            return next(iter(found.values()))
        if found:
            raise RequestError(
                "prompt",
                f"There are {len(found)} files for the {kind} {name!r}: {', '.join(sorted(found))}."
                " Write the one that is meant in full.",
            )
    raise RequestError("prompt", _unknown(name, library, kind))


def _plain(name: str) -> str:
    return name.replace("\\", "/").removesuffix(".safetensors").casefold()


def _unknown(name: str, library: Mapping[str, Path], kind: str) -> str:
    if not library:
        return f"There is no {kind} {name!r}, as no folder with such files is known. Add one."
    plain = {_plain(known): known for known in library}
    near = [plain[found] for found in difflib.get_close_matches(_plain(name), plain, n=NEAR)]
    if near:
        return f"There is no {kind} {name!r}. Near it are: {', '.join(near)}."
    known = [*sorted(library)[:SHOWN], *(["..."] if len(library) > SHOWN else [])]
    return f"There is no {kind} {name!r}. There are: {', '.join(known)}."
