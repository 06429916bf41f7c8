"""The layer that comes and goes without a trace."""

from __future__ import annotations

import pytest

from plugins.krita.canvas import Canvas
from plugins.krita.layers import PaintLayer
from plugins.krita.protocol import Extension, Rect
from tests.plugins.krita.fakes import FakeDocument, FakeKrita

PATCH = Rect(4, 5, 3, 2)
PAINT = bytes([10, 20, 30, 255]) * 6


@pytest.fixture
def app() -> FakeKrita:
    return FakeKrita()


@pytest.fixture
def document(app: FakeKrita) -> FakeDocument:
    return app.new()


def entries(document: FakeDocument) -> list[str]:
    return [entry.text for entry in document.entries]


def test_a_new_layer_is_locked_on_top_and_one_undo_entry(
    app: FakeKrita, document: FakeDocument
) -> None:
    PaintLayer(app, Canvas(app, document), "a moon")
    top = document.rootNode().childNodes()[-1]
    assert (top.name(), top.locked) == ("a moon", True)
    assert entries(document) == ["Add Layer"]


def test_the_active_layer_comes_back_however_late_krita_switches(
    app: FakeKrita, document: FakeDocument
) -> None:
    layer = PaintLayer(app, Canvas(app, document), "a moon")
    layer.settle()
    assert not layer.settled
    document.turn()
    assert document.activeNode() is not document.painting
    layer.settle()
    assert layer.settled
    assert document.activeNode() is document.painting


def test_the_painter_may_choose_our_layer_afterwards(
    app: FakeKrita, document: FakeDocument
) -> None:
    layer = PaintLayer(app, Canvas(app, document), "a moon")
    document.turn()
    layer.settle()
    ours = document.rootNode().childNodes()[-1]
    document.setActiveNode(ours)
    layer.settle()
    assert document.activeNode() is ours


def test_showing_and_finishing_make_no_undo_entry(app: FakeKrita, document: FakeDocument) -> None:
    layer = PaintLayer(app, Canvas(app, document), "forming")
    layer.show(PAINT, PATCH)
    layer.finish("a moon [7]")
    ours = document.rootNode().childNodes()[-1]
    assert (ours.name(), ours.locked) == ("a moon [7]", False)
    assert ours.pixelData(4, 5, 3, 2) == PAINT
    assert entries(document) == ["Add Layer"]


def test_a_withdrawn_layer_leaves_pixels_and_undo_as_they_were(
    app: FakeKrita, document: FakeDocument
) -> None:
    before = document.merged()
    document.stroke()
    layer = PaintLayer(app, Canvas(app, document), "forming")
    document.turn()
    layer.settle()
    layer.show(PAINT, PATCH)
    layer.withdraw()
    assert (document.merged() == before).all()
    assert entries(document) == ["Freehand Brush Stroke"]
    assert layer.gone


def test_a_layer_withdrawn_before_krita_switched_to_it_leaves_no_trace(
    app: FakeKrita, document: FakeDocument
) -> None:
    PaintLayer(app, Canvas(app, document), "forming").withdraw()
    assert entries(document) == []


def test_a_redo_after_a_withdrawal_brings_no_half_formed_paint(
    app: FakeKrita, document: FakeDocument
) -> None:
    before = document.merged()
    layer = PaintLayer(app, Canvas(app, document), "forming")
    document.turn()
    layer.settle()
    layer.show(PAINT, PATCH)
    layer.withdraw()
    app.action("edit_redo").trigger()
    assert (document.merged() == before).all()


def test_a_withdrawal_keeps_what_the_painter_did_meanwhile(
    app: FakeKrita, document: FakeDocument
) -> None:
    layer = PaintLayer(app, Canvas(app, document), "forming")
    document.turn()
    layer.settle()
    document.stroke()
    layer.withdraw()
    assert layer.gone
    assert entries(document) == ["Add Layer", "Freehand Brush Stroke", "Remove Layer"]


def test_a_withdrawal_takes_not_the_layer_that_the_painter_added(
    app: FakeKrita, document: FakeDocument
) -> None:
    layer = PaintLayer(app, Canvas(app, document), "forming")
    document.turn()
    layer.settle()
    own = document.createNode("My own", "paintlayer")
    document.rootNode().addChildNode(own, None)
    layer.withdraw()
    names = [node.name() for node in document.rootNode().childNodes()]
    assert names == ["Background", "My own"]


def test_a_withdrawal_undoes_nothing_in_another_document(
    app: FakeKrita, document: FakeDocument
) -> None:
    layer = PaintLayer(app, Canvas(app, document), "forming")
    document.turn()
    layer.settle()
    other = app.new()
    other.rootNode().addChildNode(other.createNode("Theirs", "paintlayer"), None)
    layer.withdraw()
    assert layer.gone
    assert entries(other) == ["Add Layer"]


def test_a_layer_is_gone_when_it_was_undone_or_its_document_closed(app: FakeKrita) -> None:
    undone, closed = app.new(), app.new()
    second = PaintLayer(app, Canvas(app, closed), "two")
    closed.close()
    assert second.gone
    first = PaintLayer(app, Canvas(app, undone), "one")
    app.action("edit_undo").trigger()
    assert first.gone


def test_a_stroke_on_our_layer_is_noticed(app: FakeKrita, document: FakeDocument) -> None:
    layer = PaintLayer(app, Canvas(app, document), "forming")
    assert not layer.painted_over
    layer.show(PAINT, PATCH)
    assert not layer.painted_over
    document.rootNode().childNodes()[-1].setPixelData(bytes(4), 5, 6, 1, 1)
    assert layer.painted_over


def test_expanding_keeps_the_old_pixels_and_is_two_entries(
    app: FakeKrita, document: FakeDocument
) -> None:
    before = document.merged()
    layer = PaintLayer(app, Canvas(app, document), "forming", Extension(left=8, bottom=4))
    layer.show(PAINT, PATCH)
    layer.finish("sea [7]")
    assert (document.width(), document.height()) == (56, 36)
    assert (document.painting.pixels[:32, 8:] == before).all()
    assert entries(document) == ["Resize Image", "Add Layer"]


@pytest.mark.parametrize("undone_by_the_painter", [0, 1, 2])
def test_a_withdrawn_expansion_leaves_no_trace(
    app: FakeKrita, document: FakeDocument, undone_by_the_painter: int
) -> None:
    before = document.merged()
    document.stroke()
    layer = PaintLayer(app, Canvas(app, document), "forming", Extension(8, 4, 2, 6))
    document.turn()
    layer.settle()
    layer.show(PAINT, PATCH)
    for _ in range(undone_by_the_painter):
        app.action("edit_undo").trigger()
    layer.withdraw()
    assert (document.merged() == before).all()
    assert entries(document) == ["Freehand Brush Stroke"]


def test_a_withdrawn_expansion_keeps_what_the_painter_did_meanwhile(
    app: FakeKrita, document: FakeDocument
) -> None:
    before = document.merged()
    layer = PaintLayer(app, Canvas(app, document), "forming", Extension(8, 4, 2, 6))
    document.turn()
    layer.settle()
    document.stroke()
    layer.withdraw()
    assert (document.merged() == before).all()
    assert entries(document)[2] == "Freehand Brush Stroke"
