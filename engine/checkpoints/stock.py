"""What can be painted with, of all the model files that were found, and why not with the others.

The library knows what files are; the families that are registered know which of them they load. A
file that no family takes is kept with the reason, so that a painter who has it sees why it is not
offered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.checkpoints.identity import Identity, knowing
from engine.checkpoints.library import Library, ModelFile, library
from engine.checkpoints.shelves import shelves_of
from engine.errors import ModelError

if TYPE_CHECKING:
    from engine.families import ModelCard
    from engine.hookspecs import Options
    from engine.plugins import Extensions

MOST_PROBLEMS = 20  # sentences on single files in a catalogue; the list of models has them all
_ASKED = ("checkpoint", "diffusion model", "unknown")  # kinds of which a family may take one
_PAINTED_WITH = ("checkpoint", "diffusion model")


@dataclass(frozen=True, slots=True)
class Stocked:
    """A model file that was found; `card` where it paints, `reason` where nothing can be done.

    `same_as` are other files with the same bytes, of those that were hashed.
    """

    entry: ModelFile
    card: ModelCard | None = None
    reason: str = ""
    same_as: tuple[Path, ...] = ()


class Stock:
    """The models of some folders as the registered families see them; the library is read once."""

    def __init__(
        self, extensions: Extensions, models: Sequence[Path | str], embedded: Path | None
    ) -> None:
        self.library: Library = library(models, extensions.options)
        self._families = extensions.families
        self._cards: dict[str, ModelCard] = {}
        self._problems: list[str] = []
        if embedded is not None:
            self._add(list(self._recognised(embedded)))
        known = {entry.path: entry.identity for entry in self.library.entries}
        with knowing(known):
            self._ask_families(models, known)

    def _ask_families(self, models: Sequence[Path | str], known: Mapping[Path, Identity]) -> None:
        claimed = [c for path in models for c in self._claimed(Path(path).expanduser(), known)]
        inside = tuple(card.path for card in claimed)
        alike = {
            one.path: tuple(other.path for other in same if other is not one)
            for same in self.library.duplicates()
            for one in same
        }
        self.stocked = tuple(
            replace(self._stocked(entry), same_as=alike.get(entry.path, ()))
            for entry in self.library.entries
            if not any(entry.path.is_relative_to(folder) for folder in inside)
        )
        self._problems += _shortened(_missed(one) for one in self.stocked if _is_missed(one))

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        """What can be painted with; the embedded model first."""
        return tuple(self._cards.values())

    @property
    def problems(self) -> tuple[str, ...]:
        """Sentences on what cannot be used."""
        return tuple(self._problems)

    def _stocked(self, entry: ModelFile) -> Stocked:
        if entry.kind in _ASKED or (entry.kind == "refused" and entry.path.is_dir()):
            try:
                cards = list(self._recognised(entry.path))
            except ModelError as error:  # one broken model must not take the others away
                return Stocked(entry, reason=str(error))
            if cards:
                self._add(cards)
                return Stocked(entry, cards[0])
        return Stocked(entry, reason=entry.identity.reason or self._unsupported(entry))

    def _unsupported(self, entry: ModelFile) -> str:
        """Say why a sound file of a known kind is of no use here, or nothing where it is of use."""
        told = entry.identity
        names = {family.name for family in self._families}
        if told.architecture is None or told.family is None:
            known = entry.kind not in _PAINTED_WITH
            return "" if known else f"{entry.name} is of a kind that cannot be painted with."
        if entry.kind == "diffusion model" and {told.family, told.architecture} & names:
            return (
                f"{entry.name} is a network alone, without the autoencoder and the text encoders "
                "that it paints with: get the whole model."
            )
        if told.variant == "prior" and told.architecture in names:
            return ""  # the decoder beside it is what paints
        if entry.kind in _PAINTED_WITH or not {told.family, told.architecture} & names:
            return f"{entry.name} is of the family {told.architecture}, which cannot be used yet."
        return ""

    def _claimed(self, folder: Path, known: Collection[Path]) -> list[ModelCard]:
        """Ask the families about what the library does not know: folders with marks of theirs."""
        try:
            for paths in ([folder], _children(folder)):
                cards = [c for p in paths if p not in known for c in self._recognised(p)]
                if cards:
                    self._add(cards)
                    return cards
        except ModelError as error:
            self._problems.append(str(error))
            return []
        if not any(shelf in known or _holds(shelf, known) for shelf in _places(folder)):
            self._problems.append(_not_a_model(folder))
        return []

    def _recognised(self, path: Path) -> Iterator[ModelCard]:
        for family in self._families:
            card = family.recognise(path) if path.exists() else None
            if card is not None:
                yield card
                return

    def _add(self, cards: Sequence[ModelCard]) -> None:
        for card in cards:
            other = self._cards.setdefault(card.name, card)
            if other is not card and other.path.resolve() != card.path.resolve():
                what = "folder" if card.path.is_dir() else "file"
                self._problems.append(
                    f"Two models are called {card.name!r}: {other.path} and {card.path}. The first "
                    f"is used; rename the {what} of the other."
                )


def stock(
    models: Sequence[Path | str] = (),
    hooks: Sequence[str] = (),
    options: Options | None = None,
) -> tuple[Stocked, ...]:
    """Return every model file that was found, with its card or the reason against it.

    Reads names, headers and configurations only; torch is not imported. Raises PluginError.
    """
    from engine.plugins import Extensions

    return Stock(Extensions(hooks, options), models, None).stocked


def _is_missed(one: Stocked) -> bool:
    """Tell whether a painter would look for it among what paints."""
    return one.card is None and bool(one.reason) and one.entry.kind in (*_ASKED, "refused")


def _missed(one: Stocked) -> str:
    path = str(one.entry.path)
    return one.reason if path in one.reason else f"{path}: {one.reason}"


def _places(folder: Path) -> list[Path]:
    """Return the shelves that a configured path stands for, as the library sees it."""
    return [shelf.path for shelf in shelves_of(folder)]


def _holds(place: Path, known: Collection[Path]) -> bool:
    return any(path.is_relative_to(place) for path in known)


def _shortened(reasons: Iterator[str]) -> list[str]:
    every = list(dict.fromkeys(reasons))
    if len(every) <= MOST_PROBLEMS:
        return every
    left = len(every) - MOST_PROBLEMS
    return [*every[:MOST_PROBLEMS], f"And {left} more: `mahlstick models list` tells of each."]


def _children(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _not_a_model(folder: Path) -> str:
    if not folder.exists():
        return f"The model folder {folder} does not exist. Create it or correct the setting."
    return (
        f"{folder} holds no model of a kind that is known. Put one into it or correct the setting."
    )
