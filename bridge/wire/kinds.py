"""The kinds of value a message is made of.

Each kind reads a value out of parsed JSON and writes one into it, and says in words what it
accepts. The codec walks them; the protocol's machine-readable description is drawn from the same
objects, so that the three never disagree. A value that does not fit raises `Fault`, which names
the field.
"""

from __future__ import annotations

import math
import reprlib
from dataclasses import dataclass, field
from typing import Any

from .errors import BAD_MESSAGE, BAD_REQUEST
from .limits import MAX_BLOBS, MAX_DEPTH, MAX_INTEGER, MIN_INTEGER

Buffer = bytes | bytearray | memoryview


class Fault(Exception):
    """A value does not fit. The codec turns it into the error of the side that is to blame."""

    def __init__(self, where: str, sentence: str, code: str = BAD_MESSAGE) -> None:
        super().__init__(sentence)
        self.where = where
        self.sentence = sentence
        self.code = code


@dataclass(frozen=True)
class Range:
    """Bounds of a whole number, both included; written as `Annotated[int, Range(1, 9)]`."""

    low: int = MIN_INTEGER
    high: int = MAX_INTEGER


@dataclass
class Blobs:
    """The raw parts of one message: collected while writing, handed out once each while reading."""

    parts: list[Buffer] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)
    as_bytes: bool = True

    def add(self, part: Buffer, where: str) -> int:
        """Return the index under which the header names this part."""
        if len(self.parts) >= MAX_BLOBS:
            raise Fault(
                where, f"{where} is one blob too many; accepted are {MAX_BLOBS} in a message."
            )
        self.parts.append(part)
        return len(self.parts) - 1

    def take(self, index: object, where: str) -> Buffer:
        """Return the part of this index, which no other field may name."""
        count = len(self.parts)
        if type(index) is not int or not 0 <= index < count:
            accepted = (
                f"the number of one of the message's {count} blobs" if count else "no blob at all"
            )
            raise Fault(where, f"{where} is {show(index)}; accepted is {accepted}.")
        if index in self.taken:
            raise Fault(where, f"{where} names blob {index}, which another field holds already.")
        self.taken.add(index)
        part = self.parts[index]
        return bytes(part) if self.as_bytes else part


def show(value: object) -> str:
    """Return a short text of any value, for an error message."""
    short = reprlib.Repr()
    short.maxstring = short.maxother = 60
    short.maxlevel = 2
    return short.repr(value)


def refuse(value: object, where: str, accepted: str, code: str = BAD_MESSAGE) -> Fault:
    """Return the fault that names the field, its value and what is accepted."""
    return Fault(where, f"{where} is {show(value)}; accepted is {accepted}.", code)


def check_text(value: object, where: str) -> str:
    """Return a string that can be written as UTF-8."""
    if not isinstance(value, str):
        raise refuse(value, where, "text")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise Fault(
                where, f"{where} holds half a surrogate pair; accepted is Unicode text."
            ) from error
    return value


class Kind:
    """One kind of value; the subclasses say how it travels."""

    def read(self, value: Any, where: str, blobs: Blobs) -> Any:
        """Return the Python value of a JSON value; raises `Fault`."""
        raise NotImplementedError

    def write(self, value: Any, where: str, blobs: Blobs) -> Any:
        """Return the JSON value of a Python value; raises `Fault`."""
        return self.read(value, where, blobs)


@dataclass(frozen=True)
class Integer(Kind):
    """A whole number within bounds."""

    low: int = MIN_INTEGER
    high: int = MAX_INTEGER

    def read(self, value: Any, where: str, blobs: Blobs) -> int:
        """Return the number; true and 1.0 are none."""
        accepted = f"a whole number from {self.low} to {self.high}"
        if type(value) is not int:
            raise refuse(value, where, accepted)
        if not self.low <= value <= self.high:
            raise refuse(value, where, accepted, BAD_REQUEST)
        return value


@dataclass(frozen=True)
class Real(Kind):
    """A finite number."""

    def read(self, value: Any, where: str, blobs: Blobs) -> float:
        """Return the number as a float."""
        if type(value) not in (int, float):
            raise refuse(value, where, "a finite number")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise refuse(value, where, "a finite number")
        return number


@dataclass(frozen=True)
class Text(Kind):
    """A string."""

    def read(self, value: Any, where: str, blobs: Blobs) -> str:
        """Return the string."""
        return check_text(value, where)


@dataclass(frozen=True)
class Flag(Kind):
    """True or false."""

    def read(self, value: Any, where: str, blobs: Blobs) -> bool:
        """Return the truth value; 0 and 1 are none."""
        if not isinstance(value, bool):
            raise refuse(value, where, "true or false")
        return value


@dataclass(frozen=True)
class Choice(Kind):
    """One of some words."""

    words: tuple[str, ...]

    def read(self, value: Any, where: str, blobs: Blobs) -> str:
        """Return the word."""
        if not isinstance(value, str) or value not in self.words:
            raise refuse(value, where, "one of " + ", ".join(self.words))
        return value


@dataclass(frozen=True)
class Blob(Kind):
    """Raw bytes, which travel behind the header and are named in it by their number."""

    def read(self, value: Any, where: str, blobs: Blobs) -> Buffer:
        """Return the bytes (or a view of them, as the reader asked)."""
        return blobs.take(value, where)

    def write(self, value: Any, where: str, blobs: Blobs) -> int:
        """Return the blob's number."""
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise refuse(value, where, "bytes")
        if isinstance(value, memoryview) and not value.c_contiguous:
            raise Fault(where, f"{where} is a memoryview with gaps; accepted are contiguous bytes.")
        return blobs.add(
            memoryview(value).cast("B") if isinstance(value, memoryview) else value, where
        )


@dataclass(frozen=True)
class Maybe(Kind):
    """A value that may be missing (null)."""

    item: Kind

    def read(self, value: Any, where: str, blobs: Blobs) -> Any:
        """Return None or the item."""
        return None if value is None else self.item.read(value, where, blobs)

    def write(self, value: Any, where: str, blobs: Blobs) -> Any:
        """Return null or the item."""
        return None if value is None else self.item.write(value, where, blobs)


@dataclass(frozen=True)
class ListOf(Kind):
    """Any number of values of one kind."""

    item: Kind

    def read(self, value: Any, where: str, blobs: Blobs) -> list[Any]:
        """Return the items."""
        if not isinstance(value, list):
            raise refuse(value, where, "a list")
        return [self.item.read(v, f"{where}[{i}]", blobs) for i, v in enumerate(value)]

    def write(self, value: Any, where: str, blobs: Blobs) -> list[Any]:
        """Return the items; a tuple is as good as a list."""
        if not isinstance(value, (list, tuple)):
            raise refuse(value, where, "a list")
        return [self.item.write(v, f"{where}[{i}]", blobs) for i, v in enumerate(value)]


@dataclass(frozen=True)
class TupleOf(Kind):
    """A fixed number of values, each of its kind."""

    items: tuple[Kind, ...]

    def read(self, value: Any, where: str, blobs: Blobs) -> tuple[Any, ...]:
        """Return the items as a tuple."""
        if not isinstance(value, (list, tuple)) or len(value) != len(self.items):
            raise refuse(value, where, f"a list of {len(self.items)} values")
        pairs = zip(self.items, value)  # noqa: B905 - `strict` of equal lengths
        return tuple(kind.read(v, f"{where}[{i}]", blobs) for i, (kind, v) in enumerate(pairs))

    def write(self, value: Any, where: str, blobs: Blobs) -> list[Any]:
        """Return the items as a list."""
        if not isinstance(value, (list, tuple)) or len(value) != len(self.items):
            raise refuse(value, where, f"{len(self.items)} values")
        pairs = zip(self.items, value)  # noqa: B905 - `strict` of equal lengths
        return [kind.write(v, f"{where}[{i}]", blobs) for i, (kind, v) in enumerate(pairs)]


@dataclass(frozen=True)
class Free(Kind):
    """A JSON object of the sender's own making: finite, not deep, keyed by strings."""

    def read(self, value: Any, where: str, blobs: Blobs) -> dict[str, object]:
        """Return the object as it is."""
        if not isinstance(value, dict):
            raise refuse(value, where, "a JSON object")
        _check_free(value, where, MAX_DEPTH)
        return value


def _check_free(value: object, where: str, depth: int) -> None:
    if depth == 0:
        raise Fault(where, f"{where} is nested more than {MAX_DEPTH} deep.")
    if isinstance(value, dict):
        for key, item in value.items():
            _check_free(item, f"{where}.{check_text(key, where)[:40]}", depth - 1)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _check_free(item, f"{where}[{index}]", depth - 1)
    else:
        _check_leaf(value, where)


def _check_leaf(value: object, where: str) -> None:
    if isinstance(value, str):
        check_text(value, where)
    elif type(value) is int:
        Integer().read(value, where, Blobs())
    elif type(value) is float:
        Real().read(value, where, Blobs())
    elif value is not None and not isinstance(value, bool):
        raise refuse(value, where, "text, a finite number, true, false, null, a list or an object")
