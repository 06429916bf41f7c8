"""What of a document is sent, and what it costs to read it."""

from __future__ import annotations

import numpy as np
import pytest

from plugins.krita.canvas import MARGIN, Canvas, CanvasError
from plugins.krita.protocol import Rect
from plugins.krita.reading import STRIP_BYTES, Reading, Scene
from tests.plugins.krita.fakes import FakeDocument, FakeKrita, FakeSelection


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


def read(reading: Reading) -> Scene:
    while not reading.done:
        reading.step()
    return reading.scene()


def test_all_of_a_picture_can_be_read(app: FakeKrita, document: FakeDocument) -> None:
    canvas = Canvas(app, document)
    scene = read(canvas.reading(canvas.size, selection=False))
    assert scene.region == Rect(0, 0, 48, 32)
    assert scene.pixels == document.merged().tobytes()
    assert scene.mask is None


def test_the_soft_values_of_a_selection_are_read(app: FakeKrita, document: FakeDocument) -> None:
    select(document, 3, 4, 5, 6)
    canvas = Canvas(app, document)
    scene = read(canvas.reading(canvas.size, selection=True))
    assert document.chosen is not None
    assert scene.mask == document.chosen.mask.tobytes()


def test_an_empty_selection_is_none(app: FakeKrita, document: FakeDocument) -> None:
    select(document, 3, 4, 0, 0)
    assert Canvas(app, document).selected is None


@pytest.mark.parametrize(("context", "margin"), [(None, 256), (100, 256), (400, 400)])
def test_of_a_picture_the_surroundings_of_the_selection_are_sent(
    app: FakeKrita, context: int | None, margin: int
) -> None:
    document = app.new(2100, 700)
    select(document, 1000, 10, 40, 30)
    canvas = Canvas(app, document)
    box = canvas.selected
    assert box is not None
    region = canvas.surroundings(box, context)
    assert margin >= MARGIN
    assert region == Rect(1000 - margin, 0, 40 + 2 * margin, 40 + margin)


def test_a_large_picture_is_read_in_strips_of_bounded_size(app: FakeKrita) -> None:
    document = app.new(2048, 1100)
    select(document, 0, 0, 2048, 1100)
    canvas = Canvas(app, document)
    reading = canvas.reading(canvas.size, selection=True)
    handled = []
    while not reading.done:
        handled.append(reading.step())
    assert max(handled) <= STRIP_BYTES
    assert sum(handled) == 4 * 2048 * 1100
    assert reading.strips == len(handled) == 5
    assert reading.scene().pixels == document.merged().tobytes()
    assert document.chosen is not None
    assert reading.scene().mask == document.chosen.mask.tobytes()


def test_one_layer_can_be_read_alone(app: FakeKrita, document: FakeDocument) -> None:
    layer = document.createNode("paint", "paintlayer")
    document.rootNode().addChildNode(layer, None)
    layer.setPixelData(bytes([1, 2, 3, 255]) * 6, 4, 5, 3, 2)
    canvas = Canvas(app, document)
    scene = read(canvas.reading(Rect(3, 5, 4, 1), selection=False, node=layer))
    assert scene.pixels == bytes(4) + bytes([1, 2, 3, 255]) * 3


@pytest.mark.parametrize("model", ["CMYKA", "LABA", "XYZA", "A"])
def test_a_colour_model_that_cannot_be_painted_on_is_refused(app: FakeKrita, model: str) -> None:
    with pytest.raises(CanvasError, match=f"colour model is {model}; accepted are RGB and gray"):
        Canvas(app, app.new(model=model))
