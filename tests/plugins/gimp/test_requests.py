"""What is sent for one painting."""

from __future__ import annotations

import pytest

from plugins.gimp.mahlstick_gimp.arguments import Settings
from plugins.gimp.mahlstick_gimp.canvas import Canvas
from plugins.gimp.mahlstick_gimp.errors import PainterError
from plugins.gimp.mahlstick_gimp.protocol import Extension, MaskOptions, Rect
from plugins.gimp.mahlstick_gimp.requests import Request, fill, generate, outpaint, refine, vary
from tests.plugins.gimp.fakes import Image


def request_for(width: int, height: int, box: Rect, settings: Settings) -> Request:
    image = Image(width, height)
    rows = slice(box.top, box.top + box.height)
    image.selection.buffer.pixels[rows, box.left : box.left + box.width] = 200
    return fill(Canvas(image, [], "visible"), settings)


def test_a_small_image_is_sent_whole() -> None:
    request = request_for(640, 480, Rect(100, 50, 30, 20), Settings())
    assert request.region == Rect(0, 0, 640, 480)
    assert request.submit.origin == (0, 0)


def test_of_a_large_image_only_the_surroundings_are_sent() -> None:
    request = request_for(3000, 900, Rect(2000, 400, 100, 60), Settings())
    assert request.region == Rect(1744, 144, 612, 572)
    assert request.submit.origin == (1744, 144)


def test_the_margin_grows_with_the_selection_and_ends_at_the_border() -> None:
    request = request_for(3000, 900, Rect(1000, 100, 800, 600), Settings())
    assert request.region == Rect(300, 0, 2200, 900)


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


def test_without_a_selection_the_painter_is_told_what_to_do() -> None:
    with pytest.raises(PainterError, match="Select the part of the picture"):
        fill(Canvas(Image(12, 8), [], "visible"), Settings())


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
