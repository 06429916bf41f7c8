r"""The one grammar of prompts, by recursive descent.

    prompt  = { text | "(" prompt [":" number] ")" | bracket | choice | file | lora | "BREAK" }
    bracket = "[" prompt "]" | "[" prompt {"|" prompt} "]" | "[" [prompt ":"] prompt ":" number "]"
    choice  = "{" prompt "|" prompt {"|" prompt} "}"
    file    = "__" name "__"
    lora    = "<lora:" name [":" number [":" number]] ">"

A backslash makes the sign behind it a plain letter: `\(`. Smileys and `a)` of a list, where nothing
is open, are text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import NoReturn

from engine.errors import PromptError
from engine.prompts.faults import fault
from engine.prompts.nodes import (
    Alternation,
    Break,
    File,
    Lora,
    Node,
    Sequence_,
    Switch,
    Text,
    Weighted,
    Wildcard,
)

EMPHASIS = 1.1  # what a pair of brackets without a number counts
MOST_WEIGHT = 4.0
DEEPEST = 24
LONGEST = 100_000  # characters
SIGNS = "()[]{}|:<>_\\"
CLOSING: Mapping[str, str] = {"(": ")", "[": "]", "{": "}"}
_WEIGHT = re.compile(r":\s*([+-]?[\d.,]+)\s*\)")
_FILE = re.compile(r"__([A-Za-z0-9][\w -]*?(?:/[A-Za-z0-9][\w -]*?)*)__")
_EXTENSION = re.compile(r"<([a-z]+):([^<>]*)>")
_BREAK = re.compile(r"(?<!\w)BREAK(?!\w)")
_NOT_MEANT = re.compile(r"(?:^|\s)(?:[:;=8]-?|\w{1,2})\Z")  # before ")": a smiley, or "a)"


def parsed(source: str, field: str = "prompt") -> Sequence_:
    """Return a prompt's parts; PromptError, with a caret under the place, when signs do not fit."""
    if len(source) > LONGEST:
        sentence = f"The prompt has {len(source)} characters; {LONGEST} are accepted. Shorten it."
        raise PromptError(field, sentence, LONGEST)
    return _Parser(source, field).whole()


class _Parser:
    """A place in a prompt, moving to its end."""

    def __init__(self, source: str, field: str) -> None:
        self._source, self._field = source, field
        self._place = 0
        self._depth = 0

    def whole(self) -> Sequence_:
        return self._sequence("")

    def _sequence(self, stops: str) -> Sequence_:
        """Read until one of the signs in `stops`, which is left to the caller, or the end."""
        nodes: list[Node] = []
        letters: list[str] = []

        def flush() -> None:
            if letters:
                nodes.append(Text("".join(letters)))
                letters.clear()

        while self._place < len(self._source):
            if self._source[self._place] in stops or self._ends_with_weight(stops):
                break
            node = self._node()
            if isinstance(node, str):
                letters.append(node)
            else:
                flush()
                nodes.append(node)
        flush()
        return tuple(nodes)

    def _ends_with_weight(self, stops: str) -> bool:
        """Say whether a weight is all that is left of the group that is read."""
        return stops == ")" and _WEIGHT.match(self._source, self._place) is not None

    def _node(self) -> Node | str:
        """Read one part, or one letter."""
        sign = self._source[self._place]
        if sign in CLOSING:
            return self._opened(sign)
        if sign in CLOSING.values():
            self._check_stray(sign)
        elif sign == "\\":
            return self._escaped()
        elif sign == "<" and (match := _EXTENSION.match(self._source, self._place)):
            return self._extension(match)
        elif sign == "_" and (match := _FILE.match(self._source, self._place)):
            start, self._place = self._place, match.end()
            return File(match[1], start, match.end())
        elif sign == "B" and (match := _BREAK.match(self._source, self._place)):
            self._place = match.end()
            return Break()
        self._place += 1
        return sign

    def _escaped(self) -> str:
        following = self._source[self._place + 1 : self._place + 2]
        if following and following in SIGNS:
            self._place += 2
            return following
        self._place += 1
        return "\\"

    def _opened(self, sign: str) -> Node:
        """Read what a bracket opens, to its end."""
        start = self._place
        self._depth += 1
        if self._depth > DEEPEST:
            self._fail(start, f"Brackets lie {self._depth} deep here; {DEEPEST} are accepted.")
        readers = {"(": self._group, "[": self._bracket, "{": self._choice}
        self._place += 1
        node = readers[sign](start)
        self._depth -= 1
        return node

    def _group(self, start: int) -> Weighted:
        inside = self._sequence(")")
        weight = EMPHASIS
        if match := _WEIGHT.match(self._source, self._place):
            weight = self._number(match[1], match.start(1))
            self._place = match.end() - 1
        self._close("(", start)
        self._check_some(inside, start)
        return Weighted(inside, weight)

    def _bracket(self, start: int) -> Node:
        separator = self._separator()
        pieces, places = self._pieces(separator, "[", start)
        if separator == "|":
            return Alternation(tuple(pieces))
        if separator == ":":
            return self._switch(pieces, places, start)
        self._check_some(pieces[0], start)
        return Weighted(pieces[0], 1.0 / EMPHASIS)

    def _switch(self, pieces: list[Sequence_], places: list[tuple[int, int]], start: int) -> Switch:
        first, last = places[-1]
        said = self._source[first:last].strip()
        if len(pieces) > 3 or not re.fullmatch(r"\d*\.?\d+|\d+\.?", said):
            self._fail(
                start,
                "A change of words is written [before:after:when] or [after:when], when being a "
                r"share of the steps (0.5) or a step (8). A colon that is to be read is \:.",
            )
        when, is_share = float(said), "." in said
        if is_share and when > 1.0:
            self._fail(
                first, f"{said} is neither a share of the steps (0.0 to 1.0) nor a step (8)."
            )
        before = pieces[0] if len(pieces) == 3 else ()
        return Switch(before, pieces[len(pieces) - 2], when, is_share)

    def _choice(self, start: int) -> Wildcard:
        _, places = self._pieces("|", "{", start)
        if len(places) < 2:
            self._fail(
                start,
                "A choice is written {a|b|c}, with at least two things to choose from. "
                r"A bracket that is to be read is \{.",
            )
        return Wildcard(tuple(places), start, self._place)

    def _pieces(
        self, separator: str, opening: str, start: int
    ) -> tuple[list[Sequence_], list[tuple[int, int]]]:
        """Read parts between separators, to the closing bracket; and where each one lies."""
        pieces: list[Sequence_] = []
        places: list[tuple[int, int]] = []
        while True:
            first = self._place
            pieces.append(self._sequence(separator + CLOSING[opening]))
            places.append((first, self._place))
            if not separator or self._source[self._place : self._place + 1] != separator:
                break
            self._place += 1
        self._close(opening, start)
        return pieces, places

    def _separator(self) -> str:
        """Return what separates the parts of the bracket that was just opened, if anything."""
        found = set(self._top_level_signs())
        return next((sign for sign in "|:" if sign in found), "")

    def _top_level_signs(self) -> Iterator[str]:
        """Yield the signs of the bracket that was just opened, without those of inner ones."""
        depth, place = 0, self._place
        while place < len(self._source) and depth >= 0:
            sign = self._source[place]
            if sign == "\\":
                place += 1
            elif sign == "<" and (match := _EXTENSION.match(self._source, place)):
                place = match.end() - 1
            elif sign in CLOSING or sign in CLOSING.values():
                depth += 1 if sign in CLOSING else -1
            elif depth == 0:
                yield sign
            place += 1

    def _extension(self, match: re.Match[str]) -> Lora:
        kind, rest = match.groups()
        name, *weights = rest.split(":")
        if kind != "lora" or not name.strip() or len(weights) > 2:
            self._fail(
                match.start(),
                r"This sign is written <lora:name:0.8>, or <lora:name:0.8:0.5> with a second "
                r"weight for the reading of words. To be read as it is, write \<.",
            )
        strengths, place = [], match.start(2) + len(name) + 1
        for weight in weights:
            one = self._number(weight, place, least=-MOST_WEIGHT) if weight else 1.0
            strengths.append(one)
            place += len(weight) + 1
        self._place = match.end()
        return Lora(name.strip(), *(strengths or [1.0]))

    def _number(self, said: str, place: int, least: float = 0.0) -> float:
        try:
            number = float(said)
        except ValueError:
            number = math.nan
        if not least <= number <= MOST_WEIGHT:
            self._fail(
                place,
                f"{said.strip()} is no weight: accepted are {least:g} to {MOST_WEIGHT:g}, "
                r"written 1.2. A colon that is to be read is \:.",
            )
        return number

    def _close(self, opening: str, start: int) -> None:
        closing = CLOSING[opening]
        if self._source[self._place : self._place + 1] != closing:
            self._fail(
                start,
                f"This {opening} is never closed. Close it with {closing}, or write \\{opening} "
                "for a bracket that is to be read.",
            )
        self._place += 1

    def _check_stray(self, sign: str) -> None:
        """Refuse a closing bracket where none is open, unless it is a smiley's or a list's."""
        before = self._source[max(0, self._place - 3) : self._place]
        meant = sign != ")" or not _NOT_MEANT.search(before)
        if meant:
            self._fail(
                self._place,
                f"This {sign} closes nothing. Remove it, or write \\{sign} for a bracket that is "
                "to be read.",
            )

    def _check_some(self, inside: Sequence_, start: int) -> None:
        if not inside:
            self._fail(start, "There is nothing between these brackets: write words, or none.")

    def _fail(self, place: int, sentence: str) -> NoReturn:
        raise fault(self._field, self._source, place, sentence)
