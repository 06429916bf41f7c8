"""What cannot be painted is refused with its field and a sentence; the rest passes unchanged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.api import MAX_SIDE, MODES, Extension, MaskShape, Mode, Need, PaintRequest, Size
from engine.errors import RequestError
from engine.requests import checked


def picture(width: int = 8, height: int = 6) -> np.ndarray:
    return np.full((height, width, 4), 255, np.uint8)


def selected(width: int = 8, height: int = 6) -> np.ndarray:
    return np.full((height, width), 255, np.uint8)


GIVEN: dict[str, Any] = {
    "image": picture(),
    "mask": selected(),
    "size": Size(8, 6),
    "extension": Extension(right=4),
    "factor": 2.0,
    "second_image": picture(5, 5),
    "instead_of": "a day",
}


def request_for(mode: Mode, **changes: Any) -> PaintRequest:
    needed = {n: v for n, v in GIVEN.items() if getattr(MODES[mode], n) is Need.REQUIRED}
    return replace(PaintRequest(mode=mode, prompt="a night"), **(needed | changes))


def refusal(request: PaintRequest) -> RequestError:
    with pytest.raises(RequestError) as caught:
        checked(request)
    message = str(caught.value)
    assert message[0].isupper()
    assert message.endswith(".")
    assert len(message) > 30
    return caught.value


@pytest.mark.parametrize("mode", Mode)
def test_every_mode_is_painted_with_just_what_it_needs(mode: Mode) -> None:
    usual = None if mode is Mode.VARY else MODES[mode].strength  # a variation's is its model's own
    assert checked(request_for(mode)).strength == usual


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("name", GIVEN)
def test_the_table_of_modes_decides_what_is_taken(mode: Mode, name: str) -> None:
    need = getattr(MODES[mode], name)
    with_it = request_for(mode, **{name: GIVEN[name]})
    without = request_for(mode, **{name: None})
    if need is Need.REFUSED:
        assert refusal(with_it).field == name
    else:
        checked(with_it)
    if need is Need.REQUIRED:
        assert refusal(without).field == name
    else:
        checked(without)


def test_a_refused_ingredient_is_told_who_takes_it() -> None:
    message = str(refusal(request_for(Mode.GENERATE, image=picture())))
    assert "inpaint" in message
    assert "generate" in message


def test_given_strength_and_factor_are_kept_and_missing_ones_filled_in() -> None:
    assert checked(request_for(Mode.REFINE, strength=0.2)).strength == 0.2
    assert checked(request_for(Mode.UPSCALE)).factor == 2.0
    assert checked(request_for(Mode.UPSCALE, factor=1.5)).factor == 1.5
    assert checked(request_for(Mode.INPAINT)).factor is None


IMAGES = {
    "gray": np.zeros((6, 8), np.uint8),
    "RGB without alpha": np.full((6, 8, 3), 255, np.uint8),
    "16 bit": np.full((6, 8, 4), 65535, np.uint16),
    "float": np.ones((6, 8, 4), np.float32),
    "no array": [[0]],
    "no pixels": np.zeros((0, 8, 4), np.uint8),
    "20,000 wide": np.broadcast_to(np.uint8(255), (1, 20_000, 4)),
    "fully transparent": np.zeros((6, 8, 4), np.uint8),
}


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("mode", [Mode.REFINE, Mode.VARY, Mode.UPSCALE, Mode.OUTPAINT])
def test_an_image_that_cannot_be_painted_is_refused(name: str, mode: Mode) -> None:
    assert refusal(request_for(mode, image=IMAGES[name])).field == "image"


def test_the_largest_side_is_named_to_who_sends_a_larger_one() -> None:
    message = str(refusal(request_for(Mode.REFINE, image=IMAGES["20,000 wide"])))
    assert "20000x1" in message
    assert str(MAX_SIDE) in message


def test_a_transparent_image_may_be_inpainted_where_it_is_selected() -> None:
    checked(request_for(Mode.INPAINT, image=np.zeros((6, 8, 4), np.uint8)))


@pytest.mark.parametrize("mode", [Mode.INPAINT, Mode.REFINE, Mode.VARY, Mode.UPSCALE])
def test_a_single_pixel_is_painted(mode: Mode) -> None:
    extra = {} if mode in (Mode.VARY, Mode.UPSCALE) else {"mask": selected(1, 1)}
    checked(request_for(mode, image=picture(1, 1), **extra))


MASKS = {
    "another size": selected(9, 6),
    "turned": selected(6, 8),
    "empty": np.zeros((6, 8), np.uint8),
    "of booleans": np.ones((6, 8), bool),
    "float": np.ones((6, 8), np.float32),
    "with channels": np.full((6, 8, 1), 255, np.uint8),
}


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("mode", [Mode.INPAINT, Mode.REFINE])
def test_a_mask_that_cannot_be_used_is_refused(name: str, mode: Mode) -> None:
    error = refusal(request_for(mode, image=picture(), mask=MASKS[name]))
    assert error.field == "mask"


def test_both_sizes_are_told_when_mask_and_image_differ() -> None:
    message = str(refusal(request_for(Mode.INPAINT, mask=selected(9, 6))))
    assert "9x6" in message
    assert "8x6" in message


@pytest.mark.parametrize(
    ("mode", "change"),
    [
        (Mode.GENERATE, {"size": Size(0, 8)}),
        (Mode.GENERATE, {"size": Size(8, 20_000)}),
        (Mode.VARY, {"size": Size(-1, 8)}),
        (Mode.OUTPAINT, {"extension": Extension()}),
        (Mode.OUTPAINT, {"extension": Extension(left=-1, right=5)}),
        (Mode.OUTPAINT, {"extension": Extension(left=9_000, right=9_000)}),
        (Mode.UPSCALE, {"factor": 0.5}),
        (Mode.UPSCALE, {"factor": 9.0}),
        (Mode.UPSCALE, {"factor": float("nan")}),
        (Mode.UPSCALE, {"image": picture(5000, 2), "factor": 4.0}),
        (Mode.REFINE, {"strength": 0.0}),
        (Mode.REFINE, {"strength": 1.01}),
        (Mode.REFINE, {"strength": float("nan")}),
        (Mode.GENERATE, {"guidance": -1.0}),
        (Mode.GENERATE, {"guidance": float("inf")}),
        (Mode.GENERATE, {"steps": 0}),
        (Mode.GENERATE, {"steps": 501}),
        (Mode.GENERATE, {"steps": 2.5}),
        (Mode.GENERATE, {"seed": -1}),
        (Mode.GENERATE, {"seed": 2**63}),
        (Mode.GENERATE, {"candidates": 0}),
        (Mode.GENERATE, {"candidates": 17}),
        (Mode.GENERATE, {"candidates": True}),
        (Mode.GENERATE, {"only": ()}),
        (Mode.GENERATE, {"only": (4,)}),
        (Mode.GENERATE, {"only": (1, 1)}),
        (Mode.INPAINT, {"mask_shape": MaskShape(grow=-1)}),
        (Mode.INPAINT, {"mask_shape": MaskShape(soft_edge=20_000)}),
    ],
)
def test_numbers_out_of_range_are_refused_under_their_own_name(
    mode: Mode, change: dict[str, Any]
) -> None:
    assert refusal(request_for(mode, **change)).field == list(change)[-1]


@pytest.mark.parametrize(
    "change",
    [
        {"size": Size(1, 1)},
        {"size": Size(MAX_SIDE, 1)},
        {"steps": 500},
        {"steps": np.int64(3)},
        {"seed": 2**63 - 1},
        {"guidance": 0},
        {"candidates": 16, "only": (15, 0)},
        {"mask_shape": MaskShape(grow=0, feather=0, context=0, soft_edge=0)},
    ],
)
def test_the_ends_of_every_range_are_accepted(change: dict[str, Any]) -> None:
    checked(request_for(Mode.GENERATE, **change))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"second_image": picture(), "instead_of": "a day"}, "instead_of"),
        ({"second_image": np.zeros((4, 4, 4), np.uint8)}, "second_image"),
        ({"second_image": np.zeros((4, 4), np.uint8)}, "second_image"),
        ({"second_image": np.zeros((4, 4, 4), np.float32)}, "second_image"),
        ({"instead_of": " "}, "instead_of"),
        ({"instead_of": "a day", "prompt": ""}, "instead_of"),
        ({"mix": 0.5}, "mix"),
        ({"mix": 1.5, "second_image": picture()}, "mix"),
        ({"mix": -0.1, "instead_of": "a day"}, "mix"),
    ],
)
def test_a_variation_that_is_led_nowhere_is_refused(changes: dict[str, Any], field: str) -> None:
    assert refusal(request_for(Mode.VARY, **changes)).field == field


def test_how_far_a_variation_is_led_is_settled_where_it_is_led() -> None:
    assert checked(request_for(Mode.VARY)).mix is None
    assert checked(request_for(Mode.VARY, second_image=picture())).mix == 0.5
    assert checked(request_for(Mode.VARY, second_image=picture(), mix=0.0)).mix == 0.0
    assert 0.25 <= checked(request_for(Mode.VARY, instead_of="a day")).mix <= 0.5


def test_an_unknown_mode_is_told_which_there_are() -> None:
    wrong: Any = "draw"
    error = refusal(PaintRequest(mode=wrong))
    assert error.field == "mode"
    assert "inpaint" in str(error)
