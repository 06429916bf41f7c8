"""The history in a document: written, read, and robust against what others wrote there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugins.krita.history import ANNOTATION, Entry, deflated, entries_of, forget, packed, remember
from plugins.krita.measures import Edge, Measure
from plugins.krita.protocol import Extension, Rect
from plugins.krita.wishes import Wish
from tests.plugins.krita.fakes import FakeDocument, FakeKrita

MASK = bytes([0, 255, 128, 0, 255, 255])
WISH = Wish(
    "a moon",
    negative_prompt="clouds",
    seed=7,
    extension=Extension(left=64),
    edge=Edge(grow=Measure(3), context=Measure(50, "%")),
    presets=("poster", "dawn"),
    target="group",
)
ENTRY = Entry(
    job="one",
    candidate=1,
    seed=8,
    time=1.7e9,
    label="Fill selection",
    layer="{id}",
    rect=Rect(4, 5, 3, 2),
    wish=WISH,
    record={"steps": 9},
    thumbnail=packed(b"jpeg"),
    mask=deflated(MASK),
)


@pytest.fixture
def document() -> FakeDocument:
    return FakeKrita().new()


def test_an_entry_comes_back_as_it_was(document: FakeDocument) -> None:
    remember(document, ENTRY)
    assert entries_of(document) == [ENTRY]
    (found,) = entries_of(document)
    assert found.selection() == MASK
    assert found.picture() == b"jpeg"
    assert found.name == "a moon [8]"


def test_the_newest_is_first_and_a_job_is_there_once(document: FakeDocument) -> None:
    other = replace(ENTRY, job="two")
    better = replace(ENTRY, candidate=2)
    for entry in (ENTRY, other, better):
        remember(document, entry)
    assert entries_of(document) == [better, other]


def test_what_was_taken_back_is_forgotten_and_leaves_no_annotation(document: FakeDocument) -> None:
    remember(document, ENTRY)
    forget(document, "one")
    assert entries_of(document) == []
    assert document.annotationTypes() == []


@pytest.mark.parametrize(
    "written",
    [b"", b"\xff\xfe", b"{}", b"[1, null]", b'[{"job": "x"}]', b'[{"rect": {}, "wish": {}}]'],
)
def test_what_cannot_be_read_is_left_out(document: FakeDocument, written: bytes) -> None:
    document.setAnnotation(ANNOTATION, "", written)
    assert entries_of(document) == []
    remember(document, ENTRY)
    assert entries_of(document) == [ENTRY]


@pytest.mark.parametrize("mask", ["", "no base64!", packed(b"not deflated"), deflated(b"short")])
def test_a_mask_of_the_wrong_size_selects_nothing(mask: str) -> None:
    assert replace(ENTRY, mask=mask).selection() == b""
