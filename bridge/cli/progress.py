"""What the terminal shows while a picture forms: a bar per candidate, and the picture itself.

Pictures are drawn with half blocks, two pixels a character. Without a terminal only the sentences
are printed, on standard error, so that standard output stays clean for `--json`.
"""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType

from PIL import Image
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.style import Style
from rich.table import Table
from rich.text import Text

from bridge.wire.messages import Finished, Loading, Painted, Picture, Preview, Queued, Started

HALF_BLOCK = "▀"
COLUMNS = 28


@dataclass
class CandidateView:
    """What is known of one candidate so far."""

    step: int = 0
    steps: int = 1
    preview: Picture | None = None
    done: bool = False


@dataclass
class Progress:
    """A live view of one job; feed it the job's events in order."""

    console: Console
    title: str
    pictures: bool = True
    candidates: dict[int, CandidateView] = field(default_factory=dict)
    line: str = "waiting"
    started: float = field(default_factory=time.monotonic)
    _live: Live | None = None

    def __enter__(self) -> Progress:
        """Begin to draw, where there is a terminal."""
        if self.console.is_terminal:
            self._live = Live(
                self._view(), console=self.console, refresh_per_second=8, transient=True
            )
            self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop drawing and leave the terminal clean."""
        if self._live:
            self._live.__exit__(kind, error, trace)

    def show(self, event: object) -> None:
        """Take one event of the job and redraw."""
        if isinstance(event, Queued):
            self.line = f"waiting, {event.position} before this one"
        elif isinstance(event, Loading):
            self.line = f"loading the model {event.model}"
        elif isinstance(event, Started):
            self.line = f"painting with {event.model}, {event.sampler}, seed {event.seed}"
            self.candidates = {k: CandidateView(steps=event.steps) for k in range(len(event.seeds))}
            self._tell(event.notes)
        elif isinstance(event, Preview):
            view = self.candidates.setdefault(event.candidate, CandidateView())
            view.step, view.steps, view.preview = event.step, event.steps, event.picture
        elif isinstance(event, Painted):
            view = self.candidates.setdefault(event.candidate, CandidateView())
            view.done = True
        elif isinstance(event, Finished):
            self._tell(event.notes)
        if self._live:
            self._live.update(self._view())

    def _tell(self, notes: Sequence[str]) -> None:
        for note in notes:
            self.console.print(Text(note, style="yellow"))

    def _view(self) -> RenderableType:
        seconds = time.monotonic() - self.started
        head = Text.assemble((self.title, "bold"), f"  {self.line}  {seconds:.1f} s")
        parts: list[RenderableType] = [head, self._bars()]
        drawn = [half_blocks(v.preview, COLUMNS) for v in self.candidates.values() if v.preview]
        if self.pictures and drawn:
            parts.append(Columns(drawn, padding=(0, 1)))
        return Group(*parts)

    def _bars(self) -> Table:
        table = Table.grid(padding=(0, 1))
        for index, view in sorted(self.candidates.items()):
            steps = "done" if view.done else f"{view.step}/{view.steps}"
            completed = view.steps if view.done else view.step
            table.add_row(str(index), ProgressBar(view.steps, completed, width=40), steps)
        return table


def half_blocks(picture: Picture, columns: int) -> Text:
    """Return the picture as coloured half blocks, `columns` characters wide."""
    image = opened(picture)
    rows = max(1, round(columns * image.height / image.width / 2))
    small = image.resize((columns, rows * 2), Image.Resampling.BOX)
    text = Text(no_wrap=True)
    for row in range(rows):
        for column in range(columns):
            upper, lower = _hex(small, column, 2 * row), _hex(small, column, 2 * row + 1)
            text.append(HALF_BLOCK, Style(color=upper, bgcolor=lower))
        text.append("\n")
    return text


def _hex(image: Image.Image, x: int, y: int) -> str:
    red, green, blue = image.getpixel((x, y))[:3]  # type: ignore[index]
    return f"#{red:02x}{green:02x}{blue:02x}"


def opened(picture: Picture) -> Image.Image:
    """Return a preview's pixels as RGB."""
    if picture.format in {"rgb8", "rgba8"}:
        mode = "RGB" if picture.format == "rgb8" else "RGBA"
        size = (picture.width, picture.height)
        return Image.frombytes(mode, size, bytes(picture.data)).convert("RGB")
    return Image.open(io.BytesIO(picture.data), formats=("JPEG", "PNG", "WEBP")).convert("RGB")
