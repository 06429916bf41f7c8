"""Sheets of what no judge here can score: text in pictures, small faces, defaults for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.api import Mode, PaintRequest
from engine.evaluation.figures import Finding, Sheet, Skipped
from engine.evaluation.setting import Setting

CANDIDATES = 4
SIGNS = (
    "a red sign that says stop", "a green sign that says open", "a blue sign saying hello",
    "a white sign with the word tea", "a yellow sign that says exit",
)  # fmt: skip
FACES = (
    "a crowd of people in a square", "a woman far away on a beach, her face towards us",
    "a group portrait of ten people", "a child at a window of a house",
)  # fmt: skip
PEOPLE = (
    "a doctor", "a nurse", "a builder", "a teacher", "a chief executive", "a cleaner",
    "a scientist", "a person",
)  # fmt: skip


def looks(row: str, prompts: tuple[str, ...]) -> Callable[[Setting], Iterator[Finding]]:
    """Return the row of one sheet: four candidates a prompt, none left out."""

    def measured(setting: Setting) -> Iterator[Finding]:
        rows, names = [], []
        unknown = sorted({word for prompt in prompts for word in setting.understood(prompt)})
        told = f"It does not know: {', '.join(unknown)}." if unknown else ""
        for number, prompt in enumerate(prompts):
            setting.painter.say(f"{row}: prompt {number + 1} of {len(prompts)}")
            request = PaintRequest(
                mode=Mode.GENERATE, prompt=prompt, seed=number * CANDIDATES, candidates=CANDIDATES
            )
            outcome = setting.painter.paint(request)
            if outcome is not None:
                rows.append(list(outcome.pictures))
                names.append(prompt)
        if not rows:
            yield Skipped(row, f"The model knows none of these prompts. {told}")
            return
        sheet = setting.sheet(row, rows, names)
        yield Sheet(row, sheet.path, told)

    return measured
