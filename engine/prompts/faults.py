"""Errors in a prompt's signs, shown with a caret under the place."""

from __future__ import annotations

from engine.errors import PromptError

AROUND = 36  # characters of the prompt shown before and behind the place


def fault(field: str, source: str, position: int, sentence: str) -> PromptError:
    """Return the error for one place: the sentence, the line it is in, a caret under the place."""
    start = source.rfind("\n", 0, position) + 1
    end = source.find("\n", position)
    line = source[start : len(source) if end < 0 else end]
    column = position - start
    cut = max(0, column - AROUND)
    shown = line[cut : column + AROUND]
    before = "..." if cut else ""
    after = "..." if column + AROUND < len(line) else ""
    caret = " " * (len(before) + column - cut) + "^"
    return PromptError(field, f"{sentence}\n{before}{shown}{after}\n{caret}", position)
