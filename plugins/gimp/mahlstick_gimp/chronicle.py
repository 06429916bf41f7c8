"""What was painted in an image, kept inside it: a parasite, so XCF files have it too.

Writing it makes no undo step: a painting that was undone stays in the list, and can be asked for
again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from .host import Foreign, Gimp
from .recipes import Recipe
from .undo import no_step

PARASITE = "mahlstick-history"
LONGEST = 100  # entries; the oldest go first
_UNTOLD = ("record",)  # it is on the layer


@dataclass(frozen=True)
class Entry:
    """One painting: how it was asked for, and by which name the bridge knew it."""

    job: str
    recipe: Recipe

    @property
    def title(self) -> str:
        """A line for a list."""
        words = " ".join(self.recipe.prompt.split()) or self.recipe.mode
        return f"{words} [{self.recipe.seed}]"


def entries_of(image: Foreign) -> list[Entry]:
    """What was painted in an image, newest first; what cannot be understood is left out."""
    found = []
    for told in _read(image):
        recipe = Recipe.read(told)
        if recipe is not None:
            found.append(Entry(str(told.get("job", "")), recipe))
    return found


def remember(image: Foreign, recipe: dict[str, object]) -> None:
    """Put a painting first; an earlier entry of the same job is replaced."""
    kept = {name: value for name, value in recipe.items() if name not in _UNTOLD}
    others = [told for told in _read(image) if told.get("job") != recipe.get("job")]
    # ASCII only: libgimp takes a parasite's bytes as signed characters.
    data = json.dumps([kept, *others][:LONGEST], sort_keys=True).encode("ascii")
    with no_step(image):
        image.attach_parasite(Gimp.Parasite.new(PARASITE, Gimp.PARASITE_PERSISTENT, data))


def _read(image: Foreign) -> list[dict[str, object]]:
    parasite = image.get_parasite(PARASITE)
    if parasite is None:
        return []
    try:
        told = json.loads(bytes(parasite.get_data()))
    except ValueError:
        return []
    return [entry for entry in told if isinstance(entry, dict)] if isinstance(told, list) else []
