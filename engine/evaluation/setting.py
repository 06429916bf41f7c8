"""What every row is given: the model, how many prompts, where sheets go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.evaluation.figures import Finding, Sheet
from engine.evaluation.painters import Painter, Picture
from engine.evaluation.sheets import grid, sheet, write

COLUMNS = 10
MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Setting:
    """One fixed setting for all rows; `photograph` is RGB, for what is painted into real ones."""

    painter: Painter
    count: int
    out: Path
    photograph: Picture | None = None

    def pictures(self, row: str, prompts: Sequence[str]) -> Iterator[Picture | None]:
        """Yield one picture a prompt, each from its own seed, None where no word is known."""
        for number, prompt in enumerate(prompts):
            self.painter.say(f"{row}: picture {number + 1} of {len(prompts)}")
            yield self.painter.picture(prompt, number)

    def unknown(self, prompts: Sequence[str]) -> str:
        """Return a note on prompts with words the model does not know, "" where it knows all."""
        count = sum(bool(self.understood(prompt)) for prompt in prompts)
        return f"{count} of {len(prompts)} prompts have words it does not know" if count else ""

    def understood(self, prompt: str) -> tuple[str, ...]:
        """Return the unknown words of a prompt; of a model with a closed vocabulary only."""
        if not self.painter.card.vocabulary_closed:
            return ()
        from engine.embedded.words import Vocabulary

        return Vocabulary.read(self.painter.card.path).understand(prompt).unknown_words

    def grid(self, row: str, pictures: Sequence[Picture], names: Sequence[str]) -> Sheet:
        """Write the contact sheet of a row: the first hundred pictures under their names."""
        path = self.out / f"{row}.jpg"
        shown = [fitting(name) for name in names[:MOST_SHOWN]]
        write(path, grid(pictures[:MOST_SHOWN], shown, COLUMNS))
        return Sheet(row, str(path))

    def sheet(self, row: str, rows: Sequence[Sequence[Picture]], names: Sequence[str]) -> Sheet:
        """Write a sheet of rows of pictures, each row under its name."""
        path = self.out / f"{row}.jpg"
        write(path, sheet(rows, names))
        return Sheet(row, str(path))


def fitting(name: str, length: int = 26) -> str:
    """Return a name as much of which fits over a picture."""
    return name if len(name) <= length else name[: length - 1] + "~"


@dataclass(frozen=True, slots=True)
class Row:
    """Figures that are measured together, by the name that `--rows` takes."""

    name: str
    about: str
    measured: Callable[[Setting], Iterator[Finding]]
    judged: bool = False  # by image analysis, which must have proved itself before
    towers: bool = False  # needs an unCLIP model: its CLIP, its prior
