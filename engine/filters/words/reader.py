"""One prompt read with the lists: what it amounts to, by which words, and what to say instead."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.filters.words.folding import tokens_of
from engine.filters.words.lexicon import LISTS, Lexicon
from engine.filters.words.people import People
from engine.filters.words.rules import Finding, Rules


@dataclass(frozen=True, slots=True)
class Reader:
    """The lists, rules and names of one folder."""

    lexicon: Lexicon
    rules: Rules
    people: People

    @classmethod
    def read(cls, folder: Path = LISTS) -> Reader:
        """Return the reader of a folder of lists; takes some 20 ms."""
        return cls(Lexicon.read(folder), Rules.read(folder), People.read(folder))

    def findings(self, prompt: str) -> list[Finding]:
        """Return what a prompt amounts to, one finding a category, the surest first."""
        tokens = tokens_of(prompt)
        reading = self.lexicon.reading(tokens)
        found = self.rules.findings(tokens, reading)
        found += self.people.findings(tokens, reading.covered)
        return sorted(found, key=lambda finding: -finding.score)

    def advice(self, category: str) -> str:
        """Return how a prompt of a category may be rephrased, a sentence or two."""
        return self.rules.advice.get(category, "")
