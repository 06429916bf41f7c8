"""Names of people in a prompt, and whether they are to be seen or only to be painted like.

"In the style of van Gogh" asks for a way of painting, "Salvador Dali waving" for a person. What
tells them apart stands next to the name: `style of`, `by`, a landscape, a street, an airport on
one side, a portrait, a verb, a place to stand on the other. Private people are told by a given name
and a surname with capitals, since no list can hold them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.filters.words.folding import Token, words_of
from engine.filters.words.lexicon import LISTS
from engine.filters.words.rules import Finding

POLITICAL, REAL = "political_figures", "real_people"
_SURE, _LIKELY, _PRIVATE = 0.95, 0.85, 0.75
_MOST_CAPITALS = 0.7  # of its words: a title, in which capitals tell no names


class Kind(StrEnum):
    """Whose name it is: a table of `people.toml`."""

    POLITICIAN = "politicians"
    ARTIST = "artists"
    FAMOUS = "famous"


@dataclass(frozen=True, slots=True)
class Name:
    """One entry of the lists."""

    kind: Kind
    words: tuple[str, ...]
    capital: bool  # counts only when written with one


@dataclass(frozen=True, slots=True)
class Place:
    """A name found at tokens start to end, end excluded."""

    name: Name
    start: int
    end: int


class People:
    """The lists of names and of the words around them."""

    def __init__(self, table: Mapping[str, str]) -> None:
        """`table` is `people.toml`."""
        self._names: dict[str, list[Name]] = {}
        for kind in Kind:
            for name in _names(kind, table[kind]):
                self._names.setdefault(name.words[0], []).append(name)
        self._given = _flat(table["given"])
        self._nobody = {words_of(name) for name in re.split(r"[,\n]", table["not_people"])}
        self._around = {name: _flat(text) for name, text in table.items()}

    @classmethod
    def read(cls, folder: Path = LISTS) -> People:
        """Return the lists of a folder."""
        return cls(tomllib.loads((folder / "people.toml").read_text("utf-8")))

    def findings(self, tokens: Sequence[Token], covered: frozenset[int]) -> list[Finding]:
        """Return at most one finding a category; `covered` are words of harmless phrases."""
        words: dict[str, dict[str, float]] = {POLITICAL: {}, REAL: {}}
        taken: set[int] = set()
        for place in self._listed(tokens, covered):
            taken.update(range(place.start, place.end))
            if self._is_shown(tokens, place):
                category = POLITICAL if place.name.kind is Kind.POLITICIAN else REAL
                sure = _SURE if len(place.name.words) > 1 else _LIKELY
                words[category][_written(tokens, place.start, place.end)] = sure
        for start in self._private(tokens, covered | taken):
            words[REAL][_written(tokens, start, start + 2)] = _PRIVATE
        return [
            Finding(category, max(found.values()), tuple(found))
            for category, found in words.items()
            if found
        ]

    def _listed(self, tokens: Sequence[Token], covered: frozenset[int]) -> Iterator[Place]:
        """Yield names, the longest at every place."""
        end = 0
        for at, token in enumerate(tokens):
            if at < end or at in covered:
                continue
            fitting = [
                name
                for form in token.plain
                for name in self._names.get(form, ())
                if _stands(name, tokens, at)
            ]
            if fitting:
                longest = max(fitting, key=lambda name: len(name.words))
                end = at + len(longest.words)
                yield Place(longest, at, end)

    def _is_shown(self, tokens: Sequence[Token], place: Place) -> bool:
        """Say whether the picture is to show the person."""
        before, after = _before(tokens, place.start), _after(tokens, place.end)
        if self._is_thing(tokens, place, before, after):
            return False
        portrait = self._leads(before, "portrait_before")
        if self._leads(before, "style_before"):
            return False
        if self._is_style(tokens, place.end):
            return portrait
        return place.name.kind is not Kind.ARTIST or self._artist(tokens, place, before, portrait)

    def _is_thing(
        self, tokens: Sequence[Token], place: Place, before: Sequence[Token], after: Token | None
    ) -> bool:
        """Say whether a street, a formula, a museum has the name."""
        if tokens[place.end - 1].possessive:
            return not self._is(after, "body_after")
        return self._is(after, "thing_after") or self._leads(before, "thing_before")

    def _artist(
        self, tokens: Sequence[Token], place: Place, before: Sequence[Token], portrait: bool
    ) -> bool:
        """Say whether a painter is to be seen rather than painted like."""
        if portrait:
            return True
        if self._leads(before, "by_before"):
            return False
        if _is_alone(tokens, place):
            return place.start == 0 and place.end == len(tokens)
        after = _after(tokens, place.end)
        acts = after is not None and after.written.endswith("ing")
        return acts or self._is(after, "shown_after")

    def _is_style(self, tokens: Sequence[Token], end: int) -> bool:
        """Say whether a thing in the manner of the name follows: a landscape, a line drawing."""
        after = _after(tokens, end)
        if after is None or self._is(after, "shown_after"):
            return False
        return self._is(after, "style_after") or self._is(_after(tokens, end + 1), "style_after")

    def _leads(self, before: Sequence[Token], group: str) -> bool:
        """Say whether such a word leads to the name, with none but small words between."""
        for token in reversed(before):
            if self._is(token, group):
                return True
            if not self._is(token, "links"):
                return False
        return False

    def _is(self, token: Token | None, group: str) -> bool:
        return token is not None and not token.plain.isdisjoint(self._around[group])

    def _private(self, tokens: Sequence[Token], covered: frozenset[int]) -> Iterator[int]:
        """Yield where a given name and a surname stand that no list knows."""
        if _is_title(tokens):
            return
        for at in range(len(tokens) - 1):
            first, second = tokens[at], tokens[at + 1]
            if at in covered or at + 1 in covered or first.possessive:
                continue
            if self._is_full_name(first, second) and self._is_somebody(tokens, at):
                yield at

    def _is_full_name(self, first: Token, second: Token) -> bool:
        return (
            first.capitalised
            and second.capitalised
            and first.segment == second.segment
            and not first.plain.isdisjoint(self._given)
            and second.plain.isdisjoint(self._around["surnames_not"])
            and (first.written.casefold(), second.written.casefold()) not in self._nobody
        )

    def _is_somebody(self, tokens: Sequence[Token], at: int) -> bool:
        before, after = _before(tokens, at), _after(tokens, at + 2)
        if any(self._is(token, "saints") for token in before[-1:]) or tokens[at + 1].possessive:
            return False
        meant_otherwise = ("style_before", "by_before", "thing_before")
        portrait = self._leads(before, "portrait_before")
        if not portrait and any(self._leads(before, group) for group in meant_otherwise):
            return False
        return not (self._is(after, "style_after") or self._is(after, "thing_after"))


def _names(kind: Kind, text: str) -> Iterator[Name]:
    for entry in re.split(r"[,\n]", text):
        words = words_of(entry)
        if words:
            yield Name(kind, words, entry.strip().endswith("^"))


def _flat(text: str) -> frozenset[str]:
    return frozenset(word for entry in re.split(r"[,\n]", text) for word in words_of(entry))


def _stands(name: Name, tokens: Sequence[Token], at: int) -> bool:
    if at + len(name.words) > len(tokens):
        return False
    here = tokens[at : at + len(name.words)]
    first, last = here[0], here[-1]
    if not last.capitalised and (name.capital or (first is not last and first.capitalised)):
        return False  # "Emma stone path" begins a sentence
    return all(word in token.plain for word, token in zip(name.words, here, strict=True))


def _before(tokens: Sequence[Token], start: int) -> Sequence[Token]:
    """Return the words before a name in its own part of the prompt."""
    segment = tokens[start].segment
    first = start
    while first > 0 and tokens[first - 1].segment == segment:
        first -= 1
    return tokens[first:start]


def _after(tokens: Sequence[Token], end: int) -> Token | None:
    """Return the word after a name, if it stands in the same part of the prompt."""
    if end < len(tokens) and tokens[end].segment == tokens[end - 1].segment:
        return tokens[end]
    return None


def _is_alone(tokens: Sequence[Token], place: Place) -> bool:
    return not _before(tokens, place.start) and _after(tokens, place.end) is None


def _is_title(tokens: Sequence[Token]) -> bool:
    capitals = sum(token.written[0].isupper() for token in tokens)
    return len(tokens) > 3 and capitals > _MOST_CAPITALS * len(tokens)


def _written(tokens: Sequence[Token], start: int, end: int) -> str:
    return " ".join(token.written for token in tokens[start:end])
