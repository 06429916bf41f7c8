"""Word lists, and where their entries stand in a prompt.

A list file is TOML: tables of *groups* (`gore`, `minor`, `art`), each a text of entries separated
by commas or new lines. An entry is one word or several; `kill*` is any word that begins so,
`*mord` any that ends so, `#minor` a number from 1 to 17, `#bare` such a number that stands alone
between two commas. The group `safe` holds phrases that mean no harm although a part of them would:
the words they cover count for no other group. `not_minor` holds phrases whose words do not count
for `minor` alone.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.filters.words.folding import Token, folded, words_of

LISTS = Path(__file__).parent / "lists"
LANGUAGES = ("en", "de", "fr", "es", "it")
SAFE = "safe"
NOT = "not_"
_COMPACT = 5  # letters that an entry written letter by letter must have to be searched for
_ADULT = 18  # years
_STARS = 4  # in a word; with more it is none


@dataclass(frozen=True, slots=True)
class Match:
    """An entry of a group found at tokens start to end, end excluded."""

    group: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What is found in a prompt, by group, and the tokens that harmless phrases cover."""

    groups: Mapping[str, Sequence[Match]]
    covered: frozenset[int]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list."""

    group: str
    words: tuple[str, ...]

    def fits(self, tokens: Sequence[Token], at: int) -> bool:
        """Say whether the entry stands at this place."""
        if at + len(self.words) > len(tokens):
            return False
        return all(_fits(word, tokens, at + place) for place, word in enumerate(self.words))


class Lexicon:
    """Every entry of every language, found by its first word."""

    def __init__(self, groups: Iterable[tuple[str, str]]) -> None:
        """`groups` are (name, text of entries)."""
        self._exact: dict[str, list[Entry]] = defaultdict(list)
        self._beginning: dict[int, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
        self._ending: dict[int, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
        self._numbers: list[Entry] = []
        self._compact: dict[str, Entry] = {}
        for group, text in groups:
            for entry in _entries(group, text):
                self._add(entry)

    @classmethod
    def read(cls, folder: Path = LISTS) -> Lexicon:
        """Return the lists in a folder, one file a language."""
        return cls(
            (group, text)
            for language in LANGUAGES
            for group, text in tomllib.loads(
                (folder / f"{language}.toml").read_text("utf-8")
            ).items()
        )

    def reading(self, tokens: Sequence[Token]) -> Reading:
        """Return what is found, without what a safe phrase covers."""
        everywhere = (match for at in range(len(tokens)) for match in self._at(tokens, at))
        found = list(dict.fromkeys(everywhere))
        covered = frozenset(
            at for match in found if match.group == SAFE for at in range(match.start, match.end)
        )
        groups: dict[str, list[Match]] = defaultdict(list)
        for match in found:
            if match.group != SAFE and covered.isdisjoint(range(match.start, match.end)):
                groups[match.group].append(match)
        return Reading({name: _kept(name, groups) for name in list(groups)}, covered)

    def _add(self, entry: Entry) -> None:
        first = entry.words[0]
        if first.startswith("#"):
            self._numbers.append(entry)
        elif first.startswith("*"):
            self._ending[len(first) - 1][first[1:]].append(entry)
        elif first.endswith("*"):
            self._beginning[len(first) - 1][first[:-1]].append(entry)
        else:
            self._exact[first].append(entry)
        compact = "".join(entry.words)
        if len(compact) >= _COMPACT and compact.isalpha() and entry.group != SAFE:
            self._compact[compact] = entry

    def _at(self, tokens: Sequence[Token], at: int) -> Iterator[Match]:
        token = tokens[at]
        for entry in self._beginning_with(token):
            if entry.fits(tokens, at):
                yield Match(entry.group, at, at + len(entry.words))
        if token.run:
            yield from self._written_apart(token, at)

    def _beginning_with(self, token: Token) -> Iterator[Entry]:
        for form in token.forms:
            yield from self._exact.get(form, ())
            for length, entries in self._beginning.items():
                yield from entries.get(form[:length], ())
            for length, entries in self._ending.items():
                yield from entries.get(form[-length:], ())
            if 0 < form.count("*") <= _STARS:
                yield from self._starred(form)
        if token.number is not None:
            yield from self._numbers

    def _starred(self, form: str) -> Iterator[Entry]:
        """Return the entries that a word with stars for letters may be."""
        shape = re.compile("".join(r"\w+" if sign == "*" else re.escape(sign) for sign in form))
        for word, entries in self._exact.items():
            if shape.fullmatch(word):
                yield from entries

    def _written_apart(self, token: Token, at: int) -> Iterator[Match]:
        """Return phrases in letters that were set apart, and so run together here."""
        for form in token.forms:
            for compact, entry in self._compact.items():
                if compact in form:
                    yield Match(entry.group, at, at + 1)


def _kept(name: str, groups: Mapping[str, Sequence[Match]]) -> Sequence[Match]:
    """Return a group's matches without those that lie in a match of its `not_` group."""
    denied = groups.get(f"{NOT}{name}", ())
    return [
        match
        for match in groups[name]
        if not any(no.start <= match.start and match.end <= no.end for no in denied)
    ]


def _entries(group: str, text: str) -> Iterator[Entry]:
    for line in re.split(r"[,\n]", text):
        words = tuple(word for part in line.split() for word in _pattern(part))
        if words:
            yield Entry(group, words)


def _pattern(part: str) -> tuple[str, ...]:
    """Return an entry's part as words; a wildcard stays with its word."""
    if part.startswith("#"):
        return (part,)
    if part.startswith("*"):
        return (f"*{folded(part[1:]).casefold()}",)
    if part.endswith("*"):
        *before, last = words_of(part)
        return (*before, f"{last}*")
    return words_of(part)


def _fits(word: str, tokens: Sequence[Token], at: int) -> bool:
    token = tokens[at]
    if word.startswith("#"):
        return _is_age(word, tokens, at)
    if word.startswith("*"):
        return any(form.endswith(word[1:]) for form in token.forms)
    if word.endswith("*"):
        return any(form.startswith(word[:-1]) for form in token.forms)
    # A word with stars was let through by its shape.
    return word in token.forms or any("*" in form for form in token.forms)


def _is_age(word: str, tokens: Sequence[Token], at: int) -> bool:
    number = tokens[at].number
    if number is None or not 0 < number < _ADULT:
        return False
    if word == "#minor":
        return True
    here = tokens[at].segment
    around = (tokens[place].segment for place in (at - 1, at + 1) if 0 <= place < len(tokens))
    return here not in around
