"""What is sent for one painting."""

from __future__ import annotations

from plugins.gimp.mahlstick_gimp.arguments import Settings
from plugins.gimp.mahlstick_gimp.canvas import Canvas
from plugins.gimp.mahlstick_gimp.protocol import MaskOptions, Rect
from plugins.gimp.mahlstick_gimp.requests import Request, fill_request
from tests.plugins.gimp.fakes import Image


def request_for(width: int, height: int, box: Rect, settings: Settings) -> Request:
    image = Image(width, height)
    rows = slice(box.top, box.top + box.height)
    image.selection.buffer.pixels[rows, box.left : box.left + box.width] = 200
    return fill_request(Canvas(image, [], "visible"), settings)


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
