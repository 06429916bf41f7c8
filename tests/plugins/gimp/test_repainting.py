"""A layer is painted once more by what it remembers of itself."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from plugins.gimp.mahlstick_gimp.arguments import Settings
from plugins.gimp.mahlstick_gimp.canvas import Canvas
from plugins.gimp.mahlstick_gimp.errors import PainterError
from plugins.gimp.mahlstick_gimp.protocol import Rect
from plugins.gimp.mahlstick_gimp.repainting import PARASITE, recipe_of, repaint
from plugins.gimp.mahlstick_gimp.requests import Request
from tests.plugins.gimp.fakes import Drawable, Image, Layer, Parasite

TOLD = {
    "mode": "inpaint",
    "prompt": "a moon",
    "negative_prompt": "clouds",
    "seed": 77,
    "strength": 0.7,
    "model": "m",
    "sampler": "heun",
    "steps": 7,
    "guidance": 2.5,
    "soft_edge": 3,
    "job": "j",
}


def painted(image: Image, **changed: Any) -> Layer:
    """A layer of 12x8 pixels at (20, 10) whose mask lets through all but its border."""
    layer = Layer(image, "a moon", 12, 8, None)
    layer.offsets = (20, 10)
    layer.mask = Drawable(12, 8, 1)
    layer.mask.buffer.pixels[1:7, 1:11] = 200
    layer.attach_parasite(Parasite.new(PARASITE, 3, json.dumps({**TOLD, **changed}).encode()))
    image.layers.insert(0, layer)
    image.undo_steps.clear()
    return layer


def again(layer: Layer, **settings: Any) -> Request:
    return repaint(Canvas(layer.image, [layer]), Settings(**settings))


def test_all_it_remembers_is_asked_for_again_with_another_seed() -> None:
    submit = again(painted(Image(900, 400)), candidates=3).submit
    assert (submit.mode, submit.prompt, submit.negative_prompt) == ("inpaint", "a moon", "clouds")
    assert (submit.strength, submit.model, submit.sampler) == (0.7, "m", "heun")
    assert (submit.steps, submit.guidance, submit.masks.soft_edge) == (7, 2.5, 3)
    assert (submit.seed, submit.candidates) == (None, 3)
    assert again(painted(Image(900, 400)), seed=5).submit.seed == 5


def test_what_is_painted_is_what_the_layer_mask_lets_through() -> None:
    layer = painted(Image(900, 400))
    request = again(layer)
    assert request.replaced is layer
    assert request.submit.mask is not None
    region = request.region
    assert region.width < 900
    mask = np.frombuffer(request.submit.mask.data, np.uint8).reshape(region.height, region.width)
    left, top = 21 - region.left, 11 - region.top
    assert (mask[top : top + 6, left : left + 10] == 200).all()
    assert int((mask > 0).sum()) == 60


def test_a_layer_without_a_mask_is_repainted_where_it_is_not_transparent() -> None:
    layer = painted(Image(900, 400))
    layer.mask = None
    layer.buffer.pixels[2:4, 3:9, 3] = 255
    mask = again(layer).submit.mask
    assert mask is not None
    assert len(mask.data) - mask.data.count(0) == 12


def test_the_layer_itself_is_not_looked_at_and_that_is_no_undo_step() -> None:
    image = Image(60, 40)
    layer = painted(image)
    seen: list[bool] = []
    visible = Layer.new_from_visible

    def noted(*arguments: Any) -> Layer:
        seen.append(layer.visible)
        return visible(*arguments)

    Layer.new_from_visible = noted  # type: ignore[method-assign]
    try:
        again(layer)
    finally:
        Layer.new_from_visible = visible  # type: ignore[method-assign]
    assert seen == [False]
    assert layer.visible
    assert image.undo_steps == []


@pytest.mark.parametrize(
    ("mode", "asked"),
    [("outpaint", "inpaint"), ("upscale", "refine"), ("refine", "refine"), ("vary", "vary")],
)
def test_what_was_new_ground_then_is_part_of_the_picture_now(mode: str, asked: str) -> None:
    assert again(painted(Image(60, 40), mode=mode)).submit.mode == asked


def test_a_generated_picture_is_generated_again_where_its_layer_lies() -> None:
    request = again(painted(Image(60, 40), mode="generate"))
    assert (request.submit.mode, request.submit.image) == ("generate", None)
    assert (request.submit.width, request.submit.height) == (12, 8)
    assert (request.submit.origin, request.region) == ((20, 10), Rect(20, 10, 12, 8))


def test_a_layer_that_hangs_over_the_border_is_cut_there() -> None:
    layer = painted(Image(60, 40))
    layer.offsets = (-4, -2)
    mask = again(layer).submit.mask
    assert mask is not None
    assert len(mask.data) - mask.data.count(0) == 7 * 5


def test_a_black_mask_is_refused_with_a_way_out() -> None:
    layer = painted(Image(60, 40))
    assert layer.mask is not None
    layer.mask.buffer.pixels[...] = 0
    with pytest.raises(PainterError, match="Paint white into it"):
        again(layer)


@pytest.mark.parametrize("data", [None, b"no json", b"[]", b'{"prompt": "a moon"}'])
def test_a_layer_that_is_not_ours_is_refused(data: bytes | None) -> None:
    layer = painted(Image(60, 40))
    del layer.parasites[PARASITE]
    if data is not None:
        layer.attach_parasite(Parasite.new(PARASITE, 3, data))
    assert recipe_of(layer) is None
    with pytest.raises(PainterError, match="only that remembers how"):
        again(layer)


def test_what_somebody_wrote_into_the_recipe_is_taken_where_it_is_right_only() -> None:
    layer = painted(Image(60, 40), seed="a moon", strength=True, steps=None, guidance=2)
    known = recipe_of(layer)
    assert known is not None
    assert (known.seed, known.strength, known.steps, known.guidance) == (0, 1.0, None, 2)
