"""What is sent for one painting."""

from __future__ import annotations

import numpy as np
import pytest

from engine.api import Box, MaskShape, Size
from engine.canvas import context
from plugins.gimp.mahlstick_gimp.arguments import Settings
from plugins.gimp.mahlstick_gimp.canvas import Canvas
from plugins.gimp.mahlstick_gimp.errors import PainterError
from plugins.gimp.mahlstick_gimp.protocol import Extension, MaskOptions, Rect
from plugins.gimp.mahlstick_gimp.requests import (
    Request,
    fill,
    generate,
    outpaint,
    refine,
    upscale,
    vary,
)
from tests.plugins.gimp.fakes import Image


def request_for(width: int, height: int, box: Rect, settings: Settings) -> Request:
    image = Image(width, height)
    rows = slice(box.top, box.top + box.height)
    image.selection.buffer.pixels[rows, box.left : box.left + box.width] = 200
    return fill(Canvas(image, [], "visible"), settings)


def test_a_small_image_is_sent_whole() -> None:
    request = request_for(240, 160, Rect(100, 50, 30, 20), Settings())
    assert request.region == Rect(0, 0, 240, 160)
    assert request.submit.origin == (0, 0)


BOXES = [
    Rect(2000, 400, 100, 60),  # amid a large image
    Rect(0, 0, 40, 40),  # in its corner: the bridge shifts what it sees into the image
    Rect(2950, 850, 50, 50),
    Rect(1000, 100, 800, 600),
    Rect(300, 440, 2400, 10),  # a strip
]


@pytest.mark.parametrize("strength", [0.2, 1.0])
@pytest.mark.parametrize("box", BOXES, ids=str)
def test_only_the_context_is_sent_and_all_of_it(box: Rect, strength: float) -> None:
    whole = Size(3000, 900)
    native, multiple = Size(64, 64), 8
    region = request_for(whole.width, whole.height, box, Settings(strength=strength)).region
    there = Box(box.left, box.top, box.width, box.height)
    padding = context.reach(there, whole, strength, MaskShape()).context
    seen = context.around(there, padding, whole)
    working = context.working_size(seen.size, native, multiple)
    seen = context.fitted(seen, working, whole)
    assert region.left <= max(seen.left, 0)
    assert region.top <= max(seen.top, 0)
    assert region.left + region.width >= min(seen.right, whole.width)
    assert region.top + region.height >= min(seen.bottom, whole.height)
    margin = 1.25 * context.reach(there, whole, 1.0, MaskShape()).context + 60
    assert region.width <= max(box.width + 2 * margin, (box.height + 2 * margin) / 4 + 1)
    assert request_for(3000, 900, box, Settings()).submit.origin == (region.left, region.top)


def test_picture_and_selection_are_of_one_size() -> None:
    submit = request_for(40, 30, Rect(10, 6, 8, 4), Settings()).submit
    assert submit.image is not None
    assert submit.mask is not None
    assert (submit.image.format, submit.mask.format) == ("rgba8", "gray8")
    assert len(submit.image.data) == 4 * len(submit.mask.data) == 4 * 40 * 30
    assert submit.mask.data.count(200) == 32


def test_settings_travel_and_what_was_left_open_is_the_models_choice() -> None:
    settings = Settings("a moon", "clouds", 5, 3, 7, 0.4, 2.5, 9, "m", "heun")
    submit = request_for(40, 30, Rect(10, 6, 8, 4), settings).submit
    assert (submit.mode, submit.prompt, submit.negative_prompt) == ("inpaint", "a moon", "clouds")
    assert (submit.seed, submit.candidates, submit.steps) == (5, 3, 7)
    assert (submit.strength, submit.guidance, submit.masks) == (0.4, 2.5, MaskOptions(soft_edge=9))
    assert (submit.model, submit.sampler) == ("m", "heun")
    left_open = request_for(40, 30, Rect(10, 6, 8, 4), Settings()).submit
    assert (left_open.seed, left_open.steps, left_open.guidance) == (None, None, None)
    assert (left_open.model, left_open.sampler) == (None, None)


def test_a_plugin_that_gimp_kills_takes_its_job_along() -> None:
    assert request_for(40, 30, Rect(1, 1, 2, 2), Settings()).submit.on_disconnect == "cancel"


def test_with_nothing_to_fill_the_painter_is_told_what_to_do() -> None:
    with pytest.raises(PainterError, match="Select the part that is to be painted"):
        fill(Canvas(Image(12, 8), [], "visible"), Settings())


def test_without_a_selection_what_is_transparent_is_filled() -> None:
    image = Image(900, 400)
    image.visible[100:140, 700:760, 3] = 0
    image.visible[100, 700, 3] = 200
    request = fill(Canvas(image, [], "visible"), Settings())
    assert request.submit.mode == "inpaint"
    assert request.submit.mask is not None
    region = request.region
    mask = np.frombuffer(request.submit.mask.data, np.uint8).reshape(region.height, region.width)
    left, top = 700 - region.left, 100 - region.top
    assert mask[top, left] == 55
    assert (mask[top : top + 40, left : left + 60] > 0).all()
    assert int((mask > 0).sum()) == 40 * 60
    assert region.width < 900


def test_an_image_is_enlarged_by_a_factor_and_painted_into_a_little() -> None:
    submit = upscale(
        Canvas(Image(40, 30), [], "visible"), Settings(factor=3.0, strength=0.3)
    ).submit
    assert (submit.mode, submit.factor, submit.strength, submit.mask) == ("upscale", 3.0, 0.3, None)


def test_a_selection_is_refined_alone_and_without_one_everything() -> None:
    image = Image(40, 30)
    canvas = Canvas(image, [], "visible")
    whole = refine(canvas, Settings(strength=0.3)).submit
    assert (whole.mode, whole.mask, whole.strength) == ("refine", None, 0.3)
    image.selection.buffer.pixels[2:5, 3:9] = 255
    part = refine(canvas, Settings(strength=0.3)).submit
    assert part.mask is not None
    assert part.strength == 0.3


def test_a_variation_sends_the_picture_and_nothing_it_would_be_refused_for() -> None:
    submit = vary(Canvas(Image(40, 30), [], "visible"), Settings(prompt="a hill")).submit
    assert (submit.mode, submit.mask, submit.strength) == ("vary", None, None)
    assert submit.image is not None
    assert (submit.image.width, submit.image.height) == (40, 30)


def test_a_generated_picture_is_as_large_as_the_image() -> None:
    submit = generate(Canvas(Image(40, 30), [], "visible"), Settings()).submit
    assert (submit.mode, submit.image, submit.width, submit.height) == ("generate", None, 40, 30)


def test_outpainting_says_how_far_every_side_grows() -> None:
    settings = Settings(left=5, bottom=7)
    submit = outpaint(Canvas(Image(40, 30), [], "visible"), settings).submit
    assert (submit.mode, submit.extension) == ("outpaint", Extension(left=5, bottom=7))
    assert (submit.mask, submit.strength) == (None, None)


def test_outpainting_by_nothing_is_refused_with_what_to_say() -> None:
    with pytest.raises(PainterError, match="grow by 0 pixels"):
        outpaint(Canvas(Image(40, 30), [], "visible"), Settings())
