"""Dataclasses as a kind of value: their fields' kinds, derived from the annotations."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union

from .kinds import (
    Blob,
    Blobs,
    Choice,
    Fault,
    Flag,
    Free,
    Integer,
    Kind,
    ListOf,
    Maybe,
    Range,
    Real,
    Text,
    TupleOf,
    refuse,
)

RESERVED = ("type", "blobs")  # keys of the header that are no fields


@dataclass(frozen=True)
class Slot:
    """One field of a record; `required` when it has no default."""

    name: str
    kind: Kind
    required: bool


@dataclass(frozen=True)
class Record(Kind):
    """A dataclass: an object with known fields. Unknown ones are ignored: a later version's."""

    made_of: type[Any]
    slots: tuple[Slot, ...]

    def read(self, value: Any, where: str, blobs: Blobs) -> Any:
        """Return the dataclass's instance."""
        if not isinstance(value, dict):
            raise refuse(value, where, "a JSON object")
        found: dict[str, Any] = {}
        for slot in self.slots:
            path = f"{where}.{slot.name}" if where else slot.name
            if slot.name in value:
                found[slot.name] = slot.kind.read(value[slot.name], path, blobs)
            elif slot.required:
                raise Fault(path, f"{path} is missing.")
        return self.made_of(**found)

    def write(self, value: Any, where: str, blobs: Blobs) -> dict[str, Any]:
        """Return the object with every field, defaults included."""
        if not isinstance(value, self.made_of):
            raise refuse(value, where, f"a {self.made_of.__name__}")
        written: dict[str, Any] = {}
        for slot in self.slots:
            path = f"{where}.{slot.name}" if where else slot.name
            written[slot.name] = slot.kind.write(getattr(value, slot.name), path, blobs)
        return written


@functools.cache
def record_of(made_of: type[Any]) -> Record:
    """Return the kind of a dataclass; a field named like a reserved key is a mistake in it."""
    hints = typing.get_type_hints(made_of, include_extras=True)
    slots = []
    for item in dataclasses.fields(made_of):
        if item.name in RESERVED:
            raise TypeError(f"{made_of.__name__}.{item.name}: this name is reserved on the wire")
        no_default = item.default is dataclasses.MISSING
        required = no_default and item.default_factory is dataclasses.MISSING
        slots.append(Slot(item.name, kind_of(hints[item.name]), required))
    return Record(made_of, tuple(slots))


def kind_of(hint: Any) -> Kind:
    """Return the kind of an annotation; one the wire cannot carry raises `TypeError`."""
    simple = {int: Integer(), float: Real(), str: Text(), bool: Flag(), bytes: Blob()}
    if isinstance(hint, type) and hint in simple:
        return simple[hint]
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return record_of(hint)
    return _kind_of_generic(hint)


def _kind_of_generic(hint: Any) -> Kind:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated and isinstance(parts[1], Range):
        return Integer(parts[1].low, parts[1].high)
    if origin is Literal:
        return Choice(parts)
    if origin in (Union, types.UnionType) and len(parts) == 2 and parts[1] is type(None):
        return Maybe(kind_of(parts[0]))
    if origin is list:
        return ListOf(kind_of(parts[0]))
    if origin is tuple and Ellipsis not in parts:
        return TupleOf(tuple(kind_of(part) for part in parts))
    if origin is dict and parts == (str, object):
        return Free()
    raise TypeError(f"{hint!r} cannot travel on the wire")
