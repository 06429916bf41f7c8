"""Labels given by looking: the judge is held against eyes that did not know the prompt.

Numbered sheets are written without any word of what was asked, and a file of empty labels beside
them. Whoever looks fills in a line a picture: the ground's colour and the things, such as
`12,blue,red circle; white star`, or `?` where nobody could say.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.embedded.world import Scene
from engine.embedded.world.palette import COLOURS
from engine.embedded.world.shapes import SHAPES
from engine.errors import RequestError
from engine.evaluation.compositions import SORTS, Sort, prompt_of, scenes
from engine.evaluation.figures import Figure, Goal, Sheet, figure, share
from engine.evaluation.painters import Painter, Picture
from engine.evaluation.seeing import Seen, seen
from engine.evaluation.sheets import grid, write

ROW = "labels"
UNCLEAR = "?"
LATER = 100_000  # seeds of pictures that no row asks for
_SKIPPED = 400  # scenes that rows may ask for
GOAL = Goal(at_least=95)
_ON_A_SHEET = 50
_COLUMNS = ["number", "ground", "things"]


@dataclass(frozen=True, slots=True)
class Label:
    """What somebody saw in a picture; things are (shape, colour)."""

    number: int
    ground: str
    things: tuple[tuple[str, str], ...]


def label_sheets(
    painter: Painter, folder: Path, count: int, sorts: Sequence[Sort]
) -> Iterator[Sheet]:
    """Yield the sheets that were written, and the file for the labels last."""
    pictures = _pictures(painter, count, sorts)
    for start in range(0, count, _ON_A_SHEET):
        numbers = range(start, min(start + _ON_A_SHEET, count))
        path = folder / f"look-{start // _ON_A_SHEET + 1}.jpg"
        shown = [pictures[n] for n in numbers]
        write(path, grid(shown, [str(n) for n in numbers], columns=10, side=170))
        yield Sheet(ROW, str(path))
    path = folder / "labels.csv"
    if not path.exists():
        path.write_text(_head(sorts) + "".join(f"{n},,\n" for n in range(count)), "utf-8")
    yield Sheet(ROW, str(path), "One line a picture; then --agree with this file.")


def _head(sorts: Sequence[Sort]) -> str:
    return f"# sorts: {' '.join(sorts)}\n{','.join(_COLUMNS)}\n"


def _pictures(painter: Painter, count: int, sorts: Sequence[Sort]) -> list[Picture]:
    shown = []
    for number, scene in enumerate(_asked(count, sorts)):
        painter.say(f"picture {number + 1} of {count}")
        picture = painter.picture(prompt_of(scene), LATER + number)
        shown.append(np.zeros((256, 256, 3), np.uint8) if picture is None else picture)
    return shown


def _asked(count: int, sorts: Sequence[Sort]) -> list[Scene]:
    """Return scenes of all the sorts, mixed by a fixed shuffle."""
    each = -(-count // len(sorts))
    every = [scene for sort in sorts for scene in scenes(sort, _SKIPPED + each)[_SKIPPED:]]
    order = np.random.default_rng(5).permutation(len(every))[:count]
    return [every[int(n)] for n in order]


def agreement(painter: Painter, path: Path) -> Iterator[Figure]:
    """Yield how often the judge says of a picture what a label says."""
    sorts, labels, count = read_labels(path)
    pictures = _pictures(painter, count, sorts)
    shown = {label.number: seen(pictures[label.number]) for label in labels}
    same = [_same(shown[label.number], label) for label in labels]
    grounds = [shown[label.number].ground == label.ground for label in labels]
    wrong = [str(label.number) for label, good in zip(labels, same, strict=True) if not good]
    note = f"differs: {' '.join(wrong)}" if wrong else ""
    yield share(ROW, "judge agrees with labels: things", same, GOAL, note)
    yield share(ROW, "judge agrees with labels: ground", grounds, GOAL)
    yield figure(ROW, "pictures nobody could name", float(count - len(labels)), count)


def _same(shown: Seen, label: Label) -> bool:
    return Counter((t.shape, t.colour) for t in shown.things) == Counter(label.things)


def read_labels(path: Path) -> tuple[tuple[Sort, ...], list[Label], int]:
    """Return the sorts, the clear labels and how many lines a file of labels has.

    Raises RequestError with the line that cannot be read.
    """
    lines = path.read_text("utf-8").splitlines()
    told = lines[0].removeprefix("# sorts:").split() if lines else []
    sorts: tuple[Sort, ...] = tuple(sort for sort in SORTS if sort in told)
    if not sorts or lines[1:2] != [",".join(_COLUMNS)]:
        raise RequestError(
            "agree", f"{path} is no file of labels. Make one with --label-sheets and fill it in."
        )
    rows = list(csv.DictReader(lines[1:]))
    labels = [label for row in rows if (label := _label(row, path)) is not None]
    return sorts, labels, len(rows)


def _label(row: dict[str, str], path: Path) -> Label | None:
    number, ground = int(row["number"]), row["ground"].strip()
    if UNCLEAR in (ground, row["things"].strip()):
        return None
    things = []
    for part in filter(None, (part.strip() for part in row["things"].split(";"))):
        colour, _, shape = part.partition(" ")
        if colour not in COLOURS or shape not in SHAPES or ground not in COLOURS:
            raise RequestError(
                "agree",
                f"{path}, picture {number}: {ground!r} and {part!r} are not a ground and a thing. "
                f"Grounds are of {', '.join(COLOURS)}; things are a colour and one of "
                f"{', '.join(SHAPES)}, with semicolons between them.",
            )
        things.append((shape, colour))
    return Label(number, ground, tuple(things))
