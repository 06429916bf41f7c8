"""What words mean together: which groups make a category, and which contexts lift it.

`rules.toml` is read once an engine. A rule fires where all groups of its `when` stand close enough
to one another, unless one of its `unless` stands anywhere in the prompt: "blood" alone is nothing,
"nude" beside "charcoal study" is a nude study, a child beside nudity is refused whatever else is
said.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.filters.words.folding import Token
from engine.filters.words.lexicon import LISTS, Match, Reading

LONGEST = 16  # words of an entry, at most
WITHIN = 10  # words between the parts of a rule, unless it says otherwise


@dataclass(frozen=True, slots=True)
class Finding:
    """One category found: how sure, by which words of the prompt, as they were written."""

    category: str
    score: float
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of `rules.toml`; each part of `when` is groups of which one is enough."""

    category: str
    score: float
    when: tuple[frozenset[str], ...]
    unless: frozenset[str]
    within: int

    def fires(self, groups: Mapping[str, Sequence[Match]]) -> Iterator[tuple[Match, ...]]:
        """Yield the matches that make the rule fire."""
        if not self.unless.isdisjoint(groups):
            return
        parts = [_Part.of(m for name in part for m in groups.get(name, ())) for part in self.when]
        for first in parts[0].matches:
            chain = self._chain(first, parts[1:])
            if chain is not None:
                yield chain

    def _chain(self, first: Match, parts: Sequence[_Part]) -> tuple[Match, ...] | None:
        chain = [first]
        for part in parts:
            near = [
                match
                for match in part.near(first, self.within)
                if not any(_overlap(match, taken) for taken in chain)
            ]
            if not near:
                return None
            chain.append(min(near, key=lambda match: _gap(first, match)))
        return tuple(chain)


@dataclass(frozen=True, slots=True)
class _Part:
    """What may stand for one part of a rule, in the order of the prompt.

    Sorted, so that only neighbours are looked at: a prompt of thousands of words takes no longer
    than its length.
    """

    matches: Sequence[Match]
    starts: Sequence[int]

    @classmethod
    def of(cls, matches: Iterable[Match]) -> _Part:
        ordered = sorted(matches, key=lambda match: (match.start, match.end))
        return cls(ordered, [match.start for match in ordered])

    def near(self, match: Match, within: int) -> Iterator[Match]:
        first = bisect_left(self.starts, match.start - within - LONGEST)
        last = bisect_right(self.starts, match.end + within)
        return (one for one in self.matches[first:last] if _gap(match, one) <= within)


class Rules:
    """The rules, and how to say things otherwise."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        """`table` is `rules.toml`: `rule`, a list of rules, and `advice` by category."""
        self._rules = tuple(_rule(row) for row in table["rule"])
        self.advice: Mapping[str, str] = table["advice"]

    @classmethod
    def read(cls, folder: Path = LISTS) -> Rules:
        """Return the rules of a folder."""
        return cls(tomllib.loads((folder / "rules.toml").read_text("utf-8")))

    def findings(self, tokens: Sequence[Token], reading: Reading) -> list[Finding]:
        """Return what a prompt amounts to: one finding a category, the surest first."""
        found: dict[str, Finding] = {}
        for rule in self._rules:
            for chain in rule.fires(reading.groups):
                words = tuple(_written(tokens, match) for match in chain)
                finding = Finding(rule.category, rule.score, words)
                found[rule.category] = _joined(found.get(rule.category), finding)
        return sorted(found.values(), key=lambda finding: -finding.score)


def _rule(row: Mapping[str, Any]) -> Rule:
    return Rule(
        category=row["category"],
        score=float(row["score"]),
        when=tuple(frozenset(part.split("|")) for part in row["when"]),
        unless=frozenset(row.get("unless", ())),
        within=int(row.get("within", WITHIN)),
    )


def _written(tokens: Sequence[Token], match: Match) -> str:
    return " ".join(token.written for token in tokens[match.start : match.end])


def _joined(before: Finding | None, finding: Finding) -> Finding:
    if before is None:
        return finding
    words = tuple(dict.fromkeys((*before.words, *finding.words)))
    return Finding(finding.category, max(before.score, finding.score), words)


def _gap(one: Match, other: Match) -> int:
    return max(other.start - one.end, one.start - other.end, 0)


def _overlap(one: Match, other: Match) -> bool:
    return one.start < other.end and other.start < one.end
