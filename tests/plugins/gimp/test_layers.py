"""The one layer a painting leaves behind: one undo step, and nothing of the painter's is moved."""

from __future__ import annotations

import json

import pytest

from plugins.gimp.mahlstick_gimp.canvas import Place
from plugins.gimp.mahlstick_gimp.growth import Growth
from plugins.gimp.mahlstick_gimp.layers import PaintLayer, Sheet
from plugins.gimp.mahlstick_gimp.protocol import Picture, Rect
from plugins.gimp.mahlstick_gimp.repainting import PARASITE
from tests.plugins.gimp.fakes import (
    Drawable,
    Image,
    ImageBaseType,
    ImageType,
    LayerColorSpace,
    Metadata,
    Precision,
)

BOX = Rect(5, 4, 6, 3)
MASK = bytes(range(18))


def a_layer(image: Image) -> PaintLayer:
    return PaintLayer(image, Sheet(Place(None, 0), "a moon", BOX, MASK), {"prompt": "a moon"})


def test_inserting_is_one_undo_step_and_streaming_is_none() -> None:
    image = Image(20, 10)
    paint = a_layer(image)
    paint.show(Picture(2, 1, "rgb8", b"\x01\x02\x03" * 2), Rect(0, 0, 20, 10))
    paint.finish(b"\x09\x08\x07\xff" * 18, {"prompt": "ä moon"})
    assert image.undo_steps == [["add layer", "move", "add mask", "metadata"]]


def test_the_painters_layer_stays_selected_and_his_strokes_go_where_they_went() -> None:
    image = Image(20, 10)
    selected = image.get_selected_layers()
    paint = a_layer(image)
    assert image.get_selected_layers() == selected
    assert not paint.layer.edits_mask
    assert paint.layer.offsets == (5, 4)


def test_an_image_without_a_selected_layer_gets_its_layer_too() -> None:
    image = Image(20, 10)
    image.selected = []
    assert a_layer(image).is_there()


def test_a_preview_fills_the_layer_and_leaves_the_mask_alone() -> None:
    paint = a_layer(Image(20, 10))
    paint.show(Picture(1, 1, "rgb8", b"\x10\x20\x30"), Rect(0, 0, 20, 10))
    assert (paint.layer.buffer.pixels == (16, 32, 48, 255)).all()
    assert paint.layer.mask.buffer.pixels.tobytes() == MASK


def test_a_preview_in_another_format_is_passed_over() -> None:
    paint = a_layer(Image(20, 10))
    paint.show(Picture(1, 1, "jpeg", b"\xff\xd8"), Rect(0, 0, 20, 10))
    assert not paint.layer.buffer.pixels.any()


def test_the_result_is_solid_and_its_alpha_becomes_the_layer_mask() -> None:
    paint = a_layer(Image(20, 10))
    pixels = bytearray(b"\x09\x08\x07\x00" * 18)
    pixels[3::4] = bytes(reversed(MASK))
    paint.finish(bytes(pixels), {})
    assert (paint.layer.buffer.pixels == (9, 8, 7, 255)).all()
    assert paint.layer.mask.buffer.pixels.tobytes() == bytes(reversed(MASK))


def test_the_recipe_survives_in_a_parasite_of_plain_ascii() -> None:
    paint = a_layer(Image(20, 10))
    paint.finish(b"\x00" * 72, {"prompt": "möon ☾", "seed": 2**62})
    data = paint.layer.parasites[PARASITE].data
    assert max(data) < 128
    assert json.loads(data) == {"prompt": "möon ☾", "seed": 2**62}


@pytest.mark.parametrize("trouble", ["undone", "closed"])
def test_nothing_is_written_once_the_layer_is_gone(trouble: str) -> None:
    image = Image(20, 10)
    paint = a_layer(image)
    if trouble == "undone":
        image.undo()
    else:
        image.open = False
    paint.show(Picture(1, 1, "rgb8", b"\x10\x20\x30"), Rect(0, 0, 20, 10))
    paint.finish(b"\x01" * 72, {})
    paint.discard()
    assert not paint.is_there()
    assert not paint.layer.buffer.pixels.any()
    assert paint.layer.parasites == {}


def test_a_layer_that_goes_between_the_question_and_the_writing_does_no_harm() -> None:
    image = Image(20, 10)
    paint = a_layer(image)
    paint.layer.get_buffer = lambda: None
    paint.show(Picture(1, 1, "rgb8", b"\x10\x20\x30"), Rect(0, 0, 20, 10))
    assert not paint.layer.buffer.pixels.any()


def test_discarding_takes_the_layer_out_of_the_image_without_a_second_undo_step() -> None:
    image = Image(20, 10)
    image.metadata = Metadata("<metadata/>")
    paint = a_layer(image)
    paint.show(Picture(1, 1, "rgb8", b"\x10\x20\x30"), Rect(0, 0, 20, 10))
    paint.discard()
    assert [layer.name for layer in image.layers] == ["Background"]
    assert image.undo_steps == [["add layer", "move", "add mask", "metadata"]]
    assert image.metadata.text == "<metadata/>"
    assert not paint.layer.mask.buffer.pixels.any()  # who redoes the step sees nothing


def grown(image: Image) -> PaintLayer:
    growth = Growth(30, 10, (10, 0))
    return PaintLayer(image, Sheet(Place(None, 0), "hills", BOX, MASK, growth=growth), {})


def test_a_selection_made_on_the_grown_canvas_makes_taking_it_back_a_step() -> None:
    image = Image(20, 10)
    paint = grown(image)
    image.selection = Drawable(30, 10, 1)
    image.selection.buffer.pixels[2, 25] = 255
    paint.discard()
    assert (image.get_width(), image.get_height()) == (20, 10)
    assert [step[0] for step in image.undo_steps] == ["resize", "remove layer"]


def test_the_grown_canvas_shrinks_again_without_a_second_step() -> None:
    image = Image(20, 10)
    grown(image).discard()
    assert (image.get_width(), image.get_height()) == (20, 10)
    assert len(image.undo_steps) == 1


def test_a_layer_without_a_mask_is_cut_by_its_own_alpha() -> None:
    image = Image(20, 10)
    sheet = Sheet(Place(None, 0), "a moon", BOX, MASK, "flattened")
    paint = PaintLayer(image, sheet, {})
    paint.show(Picture(1, 1, "rgb8", b"\x10\x20\x30"), Rect(0, 0, 20, 10))
    assert paint.layer.mask is None
    assert paint.layer.buffer.pixels[..., 3].tobytes() == MASK
    assert (paint.layer.buffer.pixels[..., :3] == (16, 32, 48)).all()
    paint.finish(b"\x09\x08\x07\x06" * 18, {})
    assert (paint.layer.buffer.pixels == (9, 8, 7, 6)).all()
    assert image.undo_steps == [["add layer", "move", "metadata"]]


def test_a_look_at_how_it_would_be_is_never_in_the_undo_history() -> None:
    image = Image(20, 10)
    paint = PaintLayer(image, Sheet(Place(None, 0), "live", BOX, MASK, recorded=False), {})
    paint.finish(b"\x09\x08\x07\xff" * 18, {"prompt": "a moon"})
    assert (paint.layer.parasites, image.metadata) == ({}, None)
    paint.discard()
    assert image.undo_steps == []
    assert [layer.name for layer in image.layers] == ["Background"]


def test_a_replaced_layer_is_hidden_in_the_same_step_and_comes_back() -> None:
    image = Image(20, 10)
    old = image.layers[0]
    paint = PaintLayer(image, Sheet(Place(None, 0), "a moon", BOX, MASK, replaced=old), {})
    assert not old.visible
    assert len(image.undo_steps) == 1
    paint.discard()
    assert old.visible
    assert len(image.undo_steps) == 1


def test_an_enlarged_image_gets_its_layer_in_the_same_step() -> None:
    image = Image(20, 10)
    sheet = Sheet(Place(None, 0), "large", BOX, MASK, growth=Growth(40, 20, scaled=True))
    PaintLayer(image, sheet, {})
    assert (image.get_width(), image.get_height()) == (40, 20)
    assert image.undo_steps == [["scale", "add layer", "move", "add mask", "metadata"]]


def test_who_paints_on_a_channel_goes_on_painting_on_it() -> None:
    image = Image(20, 10)
    image.set_selected_channels(["a channel"])
    a_layer(image)
    assert (image.channels, image.selected) == (["a channel"], [])


@pytest.mark.parametrize(
    ("base", "kind"),
    [
        (ImageBaseType.RGB, ImageType.RGBA_IMAGE),
        (ImageBaseType.GRAY, ImageType.GRAYA_IMAGE),
        (ImageBaseType.INDEXED, ImageType.INDEXEDA_IMAGE),
    ],
)
def test_the_layer_is_of_the_images_kind(base: ImageBaseType, kind: ImageType) -> None:
    assert a_layer(Image(20, 10, base)).layer.kind is kind


@pytest.mark.parametrize(
    ("precision", "space"),
    [
        ("u8-non-linear", LayerColorSpace.RGB_NON_LINEAR),
        ("half-linear", LayerColorSpace.RGB_LINEAR),
        ("float-perceptual", LayerColorSpace.RGB_PERCEPTUAL),
    ],
)
def test_paint_is_blended_in_the_space_of_the_images_own_numbers(
    precision: str, space: LayerColorSpace
) -> None:
    image = Image(20, 10)
    image.precision = Precision(precision)
    assert a_layer(image).layer.composite_space is space
