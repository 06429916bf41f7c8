"""A GIMP image as the picture that is sent."""

from __future__ import annotations

import numpy as np
import pytest

from plugins.gimp.mahlstick_gimp.canvas import Canvas, Place
from plugins.gimp.mahlstick_gimp.errors import PainterError
from plugins.gimp.mahlstick_gimp.protocol import Rect
from tests.plugins.gimp.fakes import Image, Layer, pattern


@pytest.fixture
def image() -> Image:
    image = Image(12, 8)
    image.visible[...] = pattern(12, 8, 4)
    image.selection.buffer.pixels[2:5, 3:9] = 255
    return image


def test_the_selections_box_is_in_image_pixels(image: Image) -> None:
    assert Canvas(image, [], "visible").selection_box() == Rect(3, 2, 6, 3)


def test_without_a_selection_the_whole_image_is_meant(image: Image) -> None:
    assert Canvas(image, [], "visible").has_selection()
    image.selection.buffer.pixels[...] = 0
    canvas = Canvas(image, [], "visible")
    assert not canvas.has_selection()
    assert canvas.selection_box() == canvas.box == Rect(0, 0, 12, 8)


def test_what_is_visible_is_read_and_the_helping_layer_deleted(image: Image) -> None:
    Layer.made.clear()
    seen = Canvas(image, [], "visible").snapshot(Rect(2, 1, 5, 4))
    assert seen.pixels == image.visible[1:5, 2:7].tobytes()
    assert seen.selection == image.selection.buffer.pixels[1:5, 2:7].tobytes()
    assert [layer.deleted for layer in Layer.made] == [True]
    assert image.undo_steps == []


def test_a_layer_smaller_than_the_image_is_transparent_around(image: Image) -> None:
    layer = Layer(image, "small", 4, 3, None)
    layer.buffer.pixels[...] = pattern(4, 3, 4)
    layer.offsets = (5, 2)
    image.layers.insert(0, layer)
    seen = Canvas(image, [layer], "layer").snapshot(Rect(4, 1, 6, 5))
    pixels = np.frombuffer(seen.pixels, np.uint8).reshape(5, 6, 4)
    assert (pixels[1:4, 1:5] == layer.buffer.pixels).all()
    assert pixels.sum() == layer.buffer.pixels.sum()


def test_paint_goes_above_what_it_was_fitted_to(image: Image) -> None:
    image.layers.insert(0, Layer(image, "upper", 12, 8, None))
    background = image.layers[1]
    background.parent = "a group"
    assert Canvas(image, [background], "layer").place() == Place("a group", 1)
    assert Canvas(image, [background], "visible").place() == Place(None, 0)


@pytest.mark.parametrize("count", [0, 2])
def test_one_layer_must_be_selected_to_be_read_alone(image: Image, count: int) -> None:
    layers = [Layer(image, str(number), 2, 2, None) for number in range(count)]
    with pytest.raises(PainterError, match=f"but {count} are selected"):
        Canvas(image, layers, "layer")


def test_a_floating_selection_is_refused_with_a_way_out(image: Image) -> None:
    image.floating = object()
    with pytest.raises(PainterError, match="Anchor"):
        Canvas(image, [], "visible").require_paintable()


def test_a_closed_image_is_noticed(image: Image) -> None:
    canvas = Canvas(image, [], "visible")
    assert canvas.is_open()
    image.open = False
    assert not canvas.is_open()
