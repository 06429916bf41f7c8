"""Where checkpoints are, what they are, and whether their bytes are what they claim to be.

Only configuration files are read here; weights are hashed and their headers checked, never
unpickled: safetensors is the one format that is accepted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from engine.adapters import Additions
from engine.checkpoints.headers import read_header
from engine.errors import ModelError, RequestError

if TYPE_CHECKING:
    from engine.families import ModelCard
    from engine.hookspecs import Options
    from engine.plugins import Extensions
    from engine.prompts.presets import Preset

_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What an engine can paint with; `problems` are sentences on what cannot be used."""

    samplers: tuple[str, ...]
    schedules: tuple[str, ...]
    models: tuple[ModelCard, ...]  # the first one paints when none is asked for
    problems: tuple[str, ...] = ()
    prefills: tuple[str, ...] = ()
    upscalers: tuple[str, ...] = ()
    presets: tuple[Preset, ...] = ()
    additions: Additions = field(default_factory=Additions)  # files that words may name

    def card(self, name: str | None) -> ModelCard:
        """Return the card of a model, None for the default; RequestError lists what there is."""
        if not self.models:
            raise RequestError(
                "model",
                "There is no model to paint with. Point the engine at a folder that holds one. "
                + " ".join(self.problems),
            )
        for card in self.models:
            if name is None or card.name == name:
                return card
        raise RequestError("model", _unknown("model", name, [card.name for card in self.models]))

    def check_names(self, sampler: str, schedule: str) -> None:
        """Raise RequestError, listing what there is, when a sampler or schedule is unknown."""
        if sampler not in self.samplers:
            raise RequestError("sampler", _unknown("sampler", sampler, self.samplers))
        if schedule not in self.schedules:
            raise RequestError("schedule", _unknown("schedule", schedule, self.schedules))


def catalogue(
    models: Sequence[Path | str] = (),
    hooks: Sequence[str] = (),
    options: Options | None = None,
) -> Catalogue:
    """Return what there is to paint with, reading configuration only; torch is not imported.

    `models` are further model folders, or folders that hold some, `options` the plugins' settings.
    Raises PluginError.
    """
    from engine.plugins import Extensions

    return listed(Extensions(hooks, options), models)


def listed(extensions: Extensions, models: Sequence[Path | str]) -> Catalogue:
    """Return the catalogue of plugins that are loaded already; the embedded model comes first."""
    from engine.checkpoints.stock import Stock
    from engine.prompts.presets import preset_book

    stock = Stock(extensions, models, embedded_folder())
    return Catalogue(
        tuple(extensions.samplers),
        tuple(extensions.schedules),
        stock.cards,
        stock.problems,
        tuple(extensions.prefills),
        tuple(extensions.upscalers),
        tuple(preset_book(extensions.presets).values()),
        Additions(stock.library.loras, stock.library.embeddings),
    )


def embedded_folder() -> Path | None:
    """Return the folder of the model in the package, or None where it was left out."""
    folder = Path(str(files("engine.embedded") / "weights"))
    return folder if folder.is_dir() else None


class Fingerprints:
    """SHA-256 of model folders, computed once for as long as no file changes."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[str, int, int], ...], str] = {}

    def of(self, path: Path, beside: Sequence[Path] = ()) -> str:
        """Return the SHA-256 over every safetensors file (name and bytes, by name) of a model.

        Of a model with parts in folders beside its own it is that of all their fingerprints.
        """
        own = self._one(path)
        if not beside:
            return own
        each = (own, *(self._one(folder) for folder in beside))
        return hashlib.sha256("".join(each).encode()).hexdigest()

    def _one(self, path: Path) -> str:
        weights = sorted(weight_files(path))
        key = tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in weights)
        if key not in self._known:
            self._known[key] = _digest(path, weights)
        return self._known[key]


def weight_files(path: Path) -> list[Path]:
    """Return the safetensors files of a model folder, or the file itself."""
    return [path] if path.is_file() else list(path.rglob("*.safetensors"))


def check_weights(path: Path) -> None:
    """Raise ModelError unless all weights of a model are safetensors with sane headers."""
    weights = weight_files(path)
    if not weights:
        raise ModelError(
            f"The model at {path} has no .safetensors file. Other formats can run code when they "
            "are read and are not accepted: convert the model, or get its safetensors edition."
        )
    for file in weights:
        read_header(file)


def _digest(root: Path, weights: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for file in weights:
        name = file.name if file == root else file.relative_to(root).as_posix()
        digest.update(name.encode())
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


def _unknown(kind: str, name: str | None, there_are: Sequence[str]) -> str:
    listed_names = ", ".join(there_are) or "none"
    return f"There is no {kind} {name!r}. There are: {listed_names}."
