"""Text as a reader sees it: words without the disguises that fool a list.

Taken off: capitals, diacritics, zero-width signs, letters of other scripts that look Latin, digits
and signs written for letters, letters set apart, letters repeated. What was written is kept beside
it, since names are told by their capitals and the painter is quoted, not corrected.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

# Cyrillic, Greek and others that are drawn like Latin letters; NFKC leaves them alone.
_LOOKALIKES = str.maketrans(
    "аАвВеЕкКмМнНоОрРсСтТуУхХіІјЈѕЅԁԛԝһгпαΑβΒεΕζΖηΗιΙκΚνΝοΟρΡτΤυΥχΧγΜɑɡıłŁøØđĐ’ʼ‘`",
    "aAbBeEkKmMhHoOpPcCtTyYxXiIjJsSdqwhrnaAbBeEzZnHiIkKvNoOpPtTuYxXyMagilLoOdD''''",
)
_LIGATURES = {"œ": "oe", "Œ": "Oe", "æ": "ae", "Æ": "Ae"}
_LEET = (str.maketrans("0134578@$!", "oieastbasi"), str.maketrans("0134578@$!", "oleastbasl"))
_LEET_SIGNS = re.compile(r"[0-9@$!]")
_ENDS = re.compile(r"[,;:.!?()\[\]{}\n\"“”]")
_WORD = re.compile(
    r"(?P<run>(?<!\w)\w(?P<apart>[ ._\-*])\w(?:(?P=apart)\w)+(?!\w))"  # t o r t u r e, p.o.r.n
    r"|(?P<word>[$@]?[^\W_]+(?:[@$!*]+[^\W_]+)*\$*)(?P<possessive>'s(?!\w))?"
)
_AGE = re.compile(r"(\d{1,2})(yo|yrs?|y)")
_REPEATED = re.compile(r"(.)\1{2,}")


@dataclass(frozen=True, slots=True)
class Token:
    """One word: as written, and every way a list may know it."""

    written: str
    plain: frozenset[str]  # folded; with signs read as letters
    forms: frozenset[str]  # these, and without a plural's s
    segment: int  # which part of the prompt between its commas and stops
    run: bool = False  # was written letter by letter
    possessive: bool = False

    @property
    def capitalised(self) -> bool:
        """Whether it begins with a capital, and is more than one letter."""
        return len(self.written) > 1 and self.written[0].isupper()

    @property
    def number(self) -> int | None:
        """The whole number it is, if it is one."""
        return int(self.written) if self.written.isascii() and self.written.isdigit() else None


def folded(text: str) -> str:
    """Return text without diacritics, invisible signs and letters of other scripts' look."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text).translate(_LOOKALIKES)
    kept = (sign for sign in unicodedata.normalize("NFD", text) if _is_seen(sign))
    return "".join(_LIGATURES.get(sign, sign) for sign in kept)


def tokens_of(text: str) -> list[Token]:
    """Return the words of a prompt, in order."""
    return list(_tokens(folded(text)))


def words_of(text: str) -> tuple[str, ...]:
    """Return a list's entry as words: folded, in small letters, split as prompts are."""
    return tuple(re.findall(r"[^\W_]+", folded(text).casefold()))


def _tokens(text: str) -> Iterator[Token]:
    segment, last = 0, 0
    for found in _WORD.finditer(text):
        if _ENDS.search(text, last, found.start()):
            segment += 1
        last = found.end()
        if found["run"]:
            yield _token(re.sub(r"[\W_]", "", found["run"]), segment, run=True)
            continue
        word, possessive = found["word"], found["possessive"] is not None
        age = _AGE.fullmatch(word)
        for part in age.groups() if age else (word,):
            yield _token(part, segment, possessive=possessive)


def _token(written: str, segment: int, *, run: bool = False, possessive: bool = False) -> Token:
    plain = _readings(written.casefold())
    forms = plain | {word[:-1] for word in plain if len(word) > 3 and word.endswith("s")}
    return Token(written, frozenset(plain), frozenset(forms), segment, run, possessive)


def _readings(word: str) -> set[str]:
    """Return what a word may stand for."""
    readings = {word}
    if _LEET_SIGNS.search(word) and not word.isdigit():
        readings |= {word.translate(table) for table in _LEET}
    if _REPEATED.search(word):
        readings |= {_REPEATED.sub(kept, word) for kept in (r"\1", r"\1\1")}
    return readings


def _is_seen(sign: str) -> bool:
    return unicodedata.category(sign) not in ("Mn", "Me", "Cf")
