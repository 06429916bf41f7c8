"""Wildcards: what each candidate's seed chooses from `{a|b|c}` and from the painter's files.

The same seed draws the same words on every machine, so that a candidate can be painted again
alone; the drawn text is in its record, so that it can be painted again after a file has changed.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.prompts.faults import fault
from engine.prompts.grammar import LONGEST, parsed
from engine.prompts.nodes import Alternation, File, Sequence_, Switch, Weighted, Wildcard

DEEPEST = 8  # files that name files
MOST = 500  # draws of one prompt: files may name files that name files
LARGEST = 2**20  # bytes of a file
SUFFIX = ".txt"


def drawn(source: str, seed: int, folder: Path | None = None, field: str = "prompt") -> str:
    """Return a prompt with every wildcard replaced by what the seed chooses.

    `folder` holds the files that `__name__` draws a line from. PromptError when signs do not fit,
    or a file is missing.
    """
    return _Drawing(seed, folder, field).of(source, 0)


class _Drawing:
    """One seed's choices, numbered as they are made."""

    def __init__(self, seed: int, folder: Path | None, field: str) -> None:
        self._seed, self._folder, self._field = seed, folder, field
        self._number = 0

    def of(self, source: str, depth: int) -> str:
        pieces: list[str] = []
        end = 0
        for wildcard in _wildcards(parsed(source, self._field)):
            pieces += [source[end : wildcard.start], self._choice(wildcard, source, depth)]
            end = wildcard.end
        made = "".join([*pieces, source[end:]])
        if len(made) > LONGEST:
            sentence = f"Its wildcards make the prompt longer than {LONGEST} characters."
            raise fault(self._field, source, 0, sentence)
        return made

    def _choice(self, wildcard: Wildcard | File, source: str, depth: int) -> str:
        if self._number >= MOST:
            sentence = f"This prompt draws more than {MOST} times. Use fewer wildcards."
            raise fault(self._field, source, wildcard.start, sentence)
        if isinstance(wildcard, File):
            if depth >= DEEPEST:
                sentence = f"Files name each other {DEEPEST} deep here: one names itself."
                raise fault(self._field, source, wildcard.start, sentence)
            lines = self._lines(wildcard, source)
            return self.of(lines[self._drawn(len(lines))], depth + 1)
        options = [source[start:end] for start, end in wildcard.options]
        return self.of(options[self._drawn(len(options))], depth)

    def _drawn(self, count: int) -> int:
        """Return a number below `count`, the next of this seed's."""
        told = hashlib.sha256(f"{self._seed}/{self._number}".encode()).digest()
        self._number += 1
        return int.from_bytes(told[:8], "big") % count

    def _lines(self, named: File, source: str) -> Sequence[str]:
        path = None if self._folder is None else self._folder / f"{named.name}{SUFFIX}"
        if path is None or not path.is_file():
            raise fault(self._field, source, named.start, _missing(named.name, self._folder))
        with path.open(encoding="utf-8", errors="replace") as file:
            text = file.read(LARGEST)
        lines = [line.strip() for line in text.splitlines()]
        lines = [line for line in lines if line and not line.startswith("#")]
        if not lines:
            sentence = f"The file {named.name}{SUFFIX} has no lines to draw from."
            raise fault(self._field, source, named.start, sentence)
        return lines


def _wildcards(nodes: Sequence_) -> Iterator[Wildcard | File]:
    """Yield the outermost wildcards in the order of the source."""
    for node in nodes:
        match node:
            case Wildcard() | File():
                yield node
            case Weighted(inside=inside):
                yield from _wildcards(inside)
            case Alternation(options=options):
                for option in options:
                    yield from _wildcards(option)
            case Switch(before=before, after=after):
                yield from _wildcards(before)
                yield from _wildcards(after)


def _missing(name: str, folder: Path | None) -> str:
    if folder is None:
        return f"There is no folder of wildcard files, so __{name}__ names nothing."
    names = sorted(
        path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob(f"*{SUFFIX}")
    )
    near = difflib.get_close_matches(name, names, n=3) or names[:6]
    offer = f" There are: {', '.join(near)}." if near else ""
    return f"There is no file {name}{SUFFIX} in the folder of wildcards.{offer}"
