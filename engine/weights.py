"""Where checkpoints are, what they are, and whether their bytes are what they claim to be.

Only configuration files are read here; weights are hashed and their headers checked, never
unpickled: safetensors is the one format that is accepted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from engine.adapters import Additions
from engine.errors import ModelError, RequestError

if TYPE_CHECKING:
    from engine.families import Family, ModelCard
    from engine.hookspecs import Options
    from engine.plugins import Extensions
    from engine.prompts.presets import Preset

HEADER_LIMIT = 16 * 2**20  # bytes; the largest published checkpoints need a tenth of it
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
    from engine.prompts.presets import preset_book

    cards: dict[str, ModelCard] = {}
    problems: list[str] = []
    own = _own_folder(extensions.options)
    for folder in (embedded_folder(), own, *(Path(model) for model in models)):
        if folder is None:
            continue
        try:
            found = _recognised(folder, extensions.families)
        except ModelError as error:  # one broken model must not take the others away
            problems.append(str(error))
            continue
        if not found and folder != own:
            problems.append(_not_a_model(folder))
        for card in found:
            if card.name in cards:
                problems.append(
                    f"Two models are called {card.name!r}: {cards[card.name].path} and "
                    f"{card.path}. The first is used; rename the folder of the other."
                )
            cards.setdefault(card.name, card)
    return Catalogue(
        tuple(extensions.samplers),
        tuple(extensions.schedules),
        tuple(cards.values()),
        tuple(problems),
        tuple(extensions.prefills),
        tuple(extensions.upscalers),
        tuple(preset_book(extensions.presets).values()),
    )


def embedded_folder() -> Path | None:
    """Return the folder of the model in the package, or None where it was left out."""
    folder = Path(str(files("engine.embedded") / "weights"))
    return folder if folder.is_dir() else None


class Fingerprints:
    """SHA-256 of model folders, computed once for as long as no file changes."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[str, int, int], ...], str] = {}

    def of(self, path: Path) -> str:
        """Return the SHA-256 over every safetensors file (name and bytes, by name) of a model."""
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
        _check_header(file)


def _check_header(file: Path) -> None:
    size = file.stat().st_size
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or length > min(HEADER_LIMIT, size - 8):
            raise ModelError(
                f"{file} is not a usable safetensors file: its header claims {length} bytes, the "
                f"file has {size}, and {HEADER_LIMIT} are accepted. Download it again."
            )
        try:
            header = json.loads(stream.read(length))
        except ValueError as error:
            raise ModelError(
                f"The header of {file} cannot be read ({error}). Download it again."
            ) from error
    if not isinstance(header, dict):
        raise ModelError(f"The header of {file} is not a table of tensors. Download it again.")


def _own_folder(options: Options) -> Path | None:
    """Return the folder that models are downloaded into, None before the first one is."""
    named = options.get("library", {}).get("folder")
    folder = None if named is None else Path(str(named)).expanduser()
    return folder if folder is not None and folder.is_dir() else None


def _recognised(folder: Path, families: Sequence[Family]) -> list[ModelCard]:
    for candidates in ([folder], _children(folder)):
        cards = [card for path in candidates for card in _card(path, families)]
        if cards:
            return cards
    return []


def _card(path: Path, families: Sequence[Family]) -> Iterator[ModelCard]:
    for family in families:
        card = family.recognise(path) if path.exists() else None
        if card is not None:
            yield card
            return


def _children(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    # What is hidden is a download under way, or was put aside.
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _not_a_model(folder: Path) -> str:
    if not folder.exists():
        return f"The model folder {folder} does not exist. Create it or correct the setting."
    return (
        f"{folder} holds no model of a kind that is known. Put one into it or correct the setting."
    )


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
