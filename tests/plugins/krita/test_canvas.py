"""What is sent of a document, and the layer that comes and goes without a trace."""

from __future__ import annotations

import numpy as np
import pytest

from plugins.krita.canvas import MARGIN, Canvas, CanvasError
from plugins.krita.protocol import Extension, Rect
from tests.plugins.krita.fakes import FakeDocument, FakeKrita, FakeSelection

PATCH = Rect(4, 5, 3, 2)
PAINT = bytes([10, 20, 30, 255]) * 6


@pytest.fixture
def app() -> FakeKrita:
    return FakeKrita()


@pytest.fixture
def document(app: FakeKrita) -> FakeDocument:
    return app.new()


def select(document: FakeDocument, left: int, top: int, width: int, height: int) -> None:
    mask = np.zeros((document.height(), document.width()), np.uint8)
    mask[top : top + height, left : left + width] = 200
    document.chosen = FakeSelection(mask)


def entries(document: FakeDocument) -> list[str]:
    return [entry.text for entry in document.entries]


def test_a_picture_is_sent_whole(app: FakeKrita, document: FakeDocument) -> None:
    scene = Canvas(app, document).scene()
    assert scene.region == Rect(0, 0, 48, 32)
    assert scene.pixels == document.merged().tobytes()
    assert scene.mask is None


def test_the_soft_values_of_a_selection_are_sent(app: FakeKrita, document: FakeDocument) -> None:
    select(document, 3, 4, 5, 6)
    scene = Canvas(app, document).scene()
    assert document.chosen is not None
    assert scene.mask == document.chosen.mask.tobytes()


def test_an_empty_selection_is_none(app: FakeKrita, document: FakeDocument) -> None:
    select(document, 3, 4, 0, 0)
    assert Canvas(app, document).scene().mask is None


def test_of_a_large_picture_the_surroundings_of_the_selection_are_sent(app: FakeKrita) -> None:
    document = app.new(2100, 700)
    select(document, 1000, 10, 40, 30)
    scene = Canvas(app, document).scene()
    assert scene.region == Rect(1000 - MARGIN, 0, 40 + 2 * MARGIN, 40 + MARGIN)
    assert scene.mask is not None
    assert len(scene.pixels) == 4 * len(scene.mask) == 4 * (40 + 2 * MARGIN) * (40 + MARGIN)


@pytest.mark.parametrize("model", ["CMYKA", "LABA", "XYZA", "A"])
def test_a_colour_model_that_cannot_be_painted_on_is_refused(app: FakeKrita, model: str) -> None:
    with pytest.raises(CanvasError, match=f"colour model is {model}; accepted are RGB and gray"):
        Canvas(app, app.new(model=model))


def test_a_new_layer_is_locked_on_top_and_one_undo_entry(
    app: FakeKrita, document: FakeDocument
) -> None:
    Canvas(app, document).add_layer("a moon")
    top = document.rootNode().childNodes()[-1]
    assert (top.name(), top.locked) == ("a moon", True)
    assert entries(document) == ["Add Layer"]


def test_the_active_layer_comes_back_however_late_krita_switches(
    app: FakeKrita, document: FakeDocument
) -> None:
    layer = Canvas(app, document).add_layer("a moon")
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
    layer = Canvas(app, document).add_layer("a moon")
    document.turn()
    layer.settle()
    ours = document.rootNode().childNodes()[-1]
    document.setActiveNode(ours)
    layer.settle()
    assert document.activeNode() is ours


def test_showing_and_finishing_make_no_undo_entry(app: FakeKrita, document: FakeDocument) -> None:
    layer = Canvas(app, document).add_layer("forming")
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
    layer = Canvas(app, document).add_layer("forming")
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
    Canvas(app, document).add_layer("forming").withdraw()
    assert entries(document) == []


def test_a_redo_after_a_withdrawal_brings_no_half_formed_paint(
    app: FakeKrita, document: FakeDocument
) -> None:
    before = document.merged()
    layer = Canvas(app, document).add_layer("forming")
    document.turn()
    layer.settle()
    layer.show(PAINT, PATCH)
    layer.withdraw()
    app.action("edit_redo").trigger()
    assert (document.merged() == before).all()


def test_a_withdrawal_keeps_what_the_painter_did_meanwhile(
    app: FakeKrita, document: FakeDocument
) -> None:
    layer = Canvas(app, document).add_layer("forming")
    document.turn()
    layer.settle()
    document.stroke()
    layer.withdraw()
    assert layer.gone
    assert entries(document) == ["Add Layer", "Freehand Brush Stroke", "Remove Layer"]


def test_a_withdrawal_takes_not_the_layer_that_the_painter_added(
    app: FakeKrita, document: FakeDocument
) -> None:
    layer = Canvas(app, document).add_layer("forming")
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
    layer = Canvas(app, document).add_layer("forming")
    document.turn()
    layer.settle()
    other = app.new()
    other.rootNode().addChildNode(other.createNode("Theirs", "paintlayer"), None)
    layer.withdraw()
    assert layer.gone
    assert entries(other) == ["Add Layer"]


def test_a_layer_is_gone_when_it_was_undone_or_its_document_closed(app: FakeKrita) -> None:
    undone, closed = app.new(), app.new()
    second = Canvas(app, closed).add_layer("two")
    closed.close()
    assert second.gone
    first = Canvas(app, undone).add_layer("one")
    app.action("edit_undo").trigger()
    assert first.gone


def test_a_stroke_on_our_layer_is_noticed(app: FakeKrita, document: FakeDocument) -> None:
    layer = Canvas(app, document).add_layer("forming")
    assert not layer.painted_over
    layer.show(PAINT, PATCH)
    assert not layer.painted_over
    document.rootNode().childNodes()[-1].setPixelData(bytes(4), 5, 6, 1, 1)
    assert layer.painted_over


def test_expanding_keeps_the_old_pixels_and_is_two_entries(
    app: FakeKrita, document: FakeDocument
) -> None:
    before = document.merged()
    layer = Canvas(app, document).add_layer("forming", Extension(left=8, bottom=4))
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
    layer = Canvas(app, document).add_layer("forming", Extension(8, 4, 2, 6))
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
    layer = Canvas(app, document).add_layer("forming", Extension(8, 4, 2, 6))
    document.turn()
    layer.settle()
    document.stroke()
    layer.withdraw()
    assert (document.merged() == before).all()
    assert entries(document)[2] == "Freehand Brush Stroke"
