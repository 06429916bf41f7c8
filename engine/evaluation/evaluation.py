"""One evaluation: a model, a folder, and which of the rows are measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from engine.core import Engine
from engine.errors import EngineError, RequestError
from engine.evaluation.compositions import SORTS, Sort
from engine.evaluation.figures import Figure, Finding, Skipped
from engine.evaluation.judging import probe_validation, validation
from engine.evaluation.labels import agreement, label_sheets
from engine.evaluation.painters import Painter, Picture
from engine.evaluation.rows.table import ROWS
from engine.evaluation.setting import Row, Setting
from engine.families.unclip import NAME as UNCLIP

PROMPTS = 200
_FOR_THE_JUDGE = 40  # drawn pictures of each of five sorts, before any model is judged


class Evaluation:
    """Measures a model row by row; what it painted is kept in `out`, so that it can go on.

    `model` is a name of the catalogue, None its first; `models` and `hooks` are the engine's;
    `photograph` is RGB uint8 (H, W, 3).
    `say` is told what is being done. Raises RequestError for names that are not known.
    """

    def __init__(
        self,
        out: Path,
        *,
        model: str | None = None,
        models: Sequence[Path | str] = (),
        hooks: Sequence[str] = (),
        device: str = "auto",
        count: int = PROMPTS,
        photograph: Picture | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        engine = Engine(models, hooks, device=device)
        self._painter = Painter(engine, model, out / "pictures", say)
        self._setting = Setting(self._painter, count, out, photograph)
        self._say, self.out = say, out

    @property
    def model(self) -> str:
        """The name of the model that is measured."""
        return self._painter.card.name

    @staticmethod
    def rows() -> tuple[tuple[str, str], ...]:
        """Return the names of all rows, and what each is about."""
        return tuple((row.name, row.about) for row in ROWS)

    def judge(self, count: int = PROMPTS) -> Iterator[Figure]:
        """Yield how far the judge and the probe can be trusted, on drawn pictures."""
        yield from validation(count, self._say)
        yield from probe_validation(count, self._say)

    def measured(self, names: Sequence[str] = ()) -> Iterator[Finding]:
        """Yield the judge's own figures first, then those of the rows, all without names."""
        chosen = _chosen(names)
        trusted = True
        for told in validation(min(_FOR_THE_JUDGE, self._setting.count), self._say):
            trusted = trusted and told.reached is not False
            yield told
        for row in chosen:
            yield from self._row(row, trusted=trusted)

    def _row(self, row: Row, *, trusted: bool) -> Iterator[Finding]:
        if row.judged and not trusted:
            yield Skipped(row.name, "The judge did not pass on drawn pictures and may not judge.")
        elif row.towers and self._painter.card.family != UNCLIP:
            yield Skipped(row.name, f"{self.model} has no CLIP and no prior of its own.")
        else:
            try:
                yield from row.measured(self._setting)
            except EngineError as error:
                yield Skipped(row.name, str(error))

    def label_sheets(self, sorts: Sequence[str] = SORTS, count: int = PROMPTS) -> Iterator[Finding]:
        """Yield the sheets that are to be labelled by somebody who does not know the prompts."""
        known: tuple[Sort, ...] = tuple(sort for sort in SORTS if sort in sorts)
        if len(known) != len(set(sorts)) or not known:
            raise RequestError(
                "sorts", f"There is no sort {', '.join(sorts)!r}. There are: {', '.join(SORTS)}."
            )
        yield from label_sheets(self._painter, self.out / "labels", count, known)

    def agreement(self, labels: Path) -> Iterator[Finding]:
        """Yield how often the judge says what the labels of a file say."""
        yield from agreement(self._painter, labels)


def _chosen(names: Sequence[str]) -> list[Row]:
    every = {row.name: row for row in ROWS}
    for name in names:
        if name not in every:
            raise RequestError("rows", f"There is no row {name!r}. There are: {', '.join(every)}.")
    return [every[name] for name in names] if names else list(ROWS)
