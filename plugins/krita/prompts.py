"""Prompts as text: words get weight, unknown ones are found, earlier ones come back.

Weights are written as the engine reads them; its wildcards are none of the panel's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

STEP = 0.1  # of a weight
LOWEST, HIGHEST = 0.1, 2.0
_WEIGHTED = re.compile(r"\(([^()]*):([0-9]*\.?[0-9]+)\)")
_WORD = re.compile(r"[^\W\d_]+", re.UNICODE)
_SPACE = " \t\n,;"


def weighted(text: str, start: int, end: int, up: bool) -> tuple[str, int, int]:
    """Return the text with the selected words' weight a step higher or lower, and where they are.

    Without a selection it is the word at `start`. A weight of 1 is written without brackets.
    """
    for found in _WEIGHTED.finditer(text):
        if found.start() <= start and end <= found.end():
            inner, weight = found.group(1), float(found.group(2))
            return _put(text, found.start(), found.end(), inner, weight + (STEP if up else -STEP))
    start, end = _word_at(text, start, end)
    if start == end:
        return text, start, end
    return _put(text, start, end, text[start:end], 1 + (STEP if up else -STEP))


def places(text: str, words: Iterable[str]) -> list[tuple[int, int]]:
    """Return start and length of every occurrence of these words, whatever their case."""
    wanted = {word.casefold() for word in words}
    return [
        (found.start(), len(found.group()))
        for found in _WORD.finditer(text)
        if found.group().casefold() in wanted
    ]


class PromptHistory:
    """Prompts that were painted with, newest first, and a place in them while one looks back."""

    def __init__(self, prompts: Iterable[str] = (), longest: int = 50) -> None:
        self._prompts = list(prompts)[:longest]
        self._longest = longest
        self._place = -1
        self._draft = ""

    @property
    def prompts(self) -> tuple[str, ...]:
        """Newest first."""
        return tuple(self._prompts)

    def add(self, prompt: str) -> None:
        """Remember a prompt that was painted with."""
        self._place = -1
        if prompt:
            others = [known for known in self._prompts if known != prompt]
            self._prompts = [prompt, *others][: self._longest]

    def step(self, current: str, back: bool) -> str:
        """Return the prompt before or after the current one; what was begun comes last again."""
        if self._place == -1:
            self._draft = current
        self._place = min(max(self._place + (1 if back else -1), -1), len(self._prompts) - 1)
        return self._draft if self._place == -1 else self._prompts[self._place]


def _put(text: str, start: int, end: int, inner: str, weight: float) -> tuple[str, int, int]:
    weight = min(max(round(weight, 2), LOWEST), HIGHEST)
    new = inner if weight == 1 else f"({inner}:{weight:.2f})".replace("0)", ")")
    return text[:start] + new + text[end:], start, start + len(new)


def _word_at(text: str, start: int, end: int) -> tuple[int, int]:
    if start != end:
        while start < end and text[start] in _SPACE:
            start += 1
        while end > start and text[end - 1] in _SPACE:
            end -= 1
        return start, end
    while start > 0 and text[start - 1] not in _SPACE:
        start -= 1
    while end < len(text) and text[end] not in _SPACE:
        end += 1
    return start, end
