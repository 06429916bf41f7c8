"""Dataclasses as messages: what an author of one may write."""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass
from typing import Annotated, Any, Literal

import pytest

from bridge.wire import kinds
from bridge.wire.records import kind_of, record_of


@dataclass(frozen=True)
class Inner:
    """A record in a record."""

    number: Annotated[int, kinds.Range(1, 9)]


@pytest.mark.parametrize(
    ("hint", "kind"),
    [
        (int, kinds.Integer()),
        (Annotated[int, kinds.Range(1, 9)], kinds.Integer(1, 9)),
        (float, kinds.Real()),
        (bool, kinds.Flag()),
        (bytes, kinds.Blob()),
        (str | None, kinds.Maybe(kinds.Text())),
        (Literal["a", "b"], kinds.Choice(("a", "b"))),
        (list[int], kinds.ListOf(kinds.Integer())),
        (tuple[int, str], kinds.TupleOf((kinds.Integer(), kinds.Text()))),
        (dict[str, object], kinds.Free()),
        (Inner, record_of(Inner)),
    ],
)
def test_an_annotation_has_a_kind(hint: Any, kind: kinds.Kind) -> None:
    assert kind_of(hint) == kind


@pytest.mark.parametrize(
    "hint", [object, complex, int | str, tuple[int, ...], dict[str, int], set[int], Inner | str]
)
def test_an_annotation_that_cannot_travel_is_a_mistake_of_its_author(hint: Any) -> None:
    with pytest.raises(TypeError, match="cannot travel on the wire"):
        kind_of(hint)


def test_a_field_with_a_reserved_name_is_a_mistake_of_its_author() -> None:
    with pytest.raises(TypeError, match=r"Odd\.blobs: this name is reserved"):
        record_of(make_dataclass("Odd", [("blobs", int)]))


def test_fields_without_a_default_are_required() -> None:
    (slot,) = record_of(Inner).slots
    assert (slot.name, slot.required) == ("number", True)
