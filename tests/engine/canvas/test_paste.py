"""The promise: outside the paste mask every byte of the canvas stays, whatever is painted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api import Box, Extension, MaskShape, Mode, PaintRequest, Size
from engine.canvas import CanvasPlan, Finish, finish, plan_canvas, second_pass
from engine.canvas.masks import bounds
from engine.canvas.paste import Alpha, merged, patch
from engine.requests import checked
from tests.examples import share

NATIVE = Size(64, 64)


def noise(height: int, width: int, channels: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)


def painting(plan: CanvasPlan) -> np.ndarray:
    working = plan.spaces.working
    return noise(working.height, working.width, 3, seed=9)


def inpainted(image: np.ndarray, mask: np.ndarray, soft_edge: int = 0) -> tuple[CanvasPlan, Finish]:
    request = PaintRequest(
        mode=Mode.INPAINT, image=image, mask=mask, mask_shape=MaskShape(soft_edge=soft_edge)
    )
    plan = plan_canvas(checked(request), NATIVE, 8, 8)
    return plan, finish(plan, painting(plan))


def assert_exact(image: np.ndarray, mask: np.ndarray, plan: CanvasPlan, result: Finish) -> None:
    layout, box = plan.layout, plan.layout.paste_box_canvas
    whole = np.zeros(mask.shape, np.uint8)
    whole[box.top : box.bottom, box.left : box.right] = layout.paste_mask
    assert (result.merged[whole == 0] == image[whole == 0]).all()
    assert (whole[mask > 0] >= mask[mask > 0]).all()
    assert (result.image[..., 3] == layout.paste_mask).all()
    full = layout.paste_mask == 255
    window = result.merged[box.top : box.bottom, box.left : box.right]
    assert (window[full] == result.image[full]).all()
    assert box == bounds(whole)


def with_block(height: int, width: int, rows: slice, columns: slice) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    mask[rows, columns] = 255
    return mask


def islands() -> np.ndarray:
    mask = np.zeros((60, 90), np.uint8)
    mask[3, 4] = mask[50, 80] = mask[20:30, 40:43] = 255
    mask[22:27, 41] = 0
    return mask


EVERY = slice(None)
TABLE = {
    "a single pixel": with_block(1, 1, EVERY, EVERY),
    "a row": with_block(1, 50, EVERY, slice(10, 20)),
    "a column": with_block(50, 1, slice(49, 50), EVERY),
    "odd": with_block(37, 53, slice(5, 20), slice(7, 30)),
    "thin": with_block(3, 400, slice(1, 2), slice(100, 300)),
    "left border": with_block(40, 60, EVERY, slice(0, 5)),
    "right border": with_block(40, 60, slice(5, 9), slice(59, 60)),
    "top border": with_block(40, 60, slice(0, 1), EVERY),
    "bottom border": with_block(40, 60, slice(38, 40), slice(3, 50)),
    "everything": with_block(40, 60, EVERY, EVERY),
    "all but a pixel": 255 - with_block(40, 60, slice(20, 21), slice(20, 21)),
    "corner to corner": np.eye(50, 70, dtype=np.uint8) * 255,
    "islands with a hole": islands(),
    "4096 wide": with_block(20, 4096, slice(4, 10), slice(0, 4000)),
    "faint": with_block(40, 60, slice(9, 20), slice(9, 20)) // 255,
    "a gradient": np.tile(np.arange(256, dtype=np.uint8), (30, 1)),
}


@pytest.mark.parametrize("soft_edge", [0, 1, 8, 64])
@pytest.mark.parametrize("name", TABLE)
def test_outside_the_paste_mask_no_byte_changes(name: str, soft_edge: int) -> None:
    mask = TABLE[name]
    image = noise(mask.shape[0], mask.shape[1], 4)
    plan, result = inpainted(image, mask, soft_edge)
    assert_exact(image, mask, plan, result)
    if soft_edge == 0:
        assert (result.merged[mask == 0] == image[mask == 0]).all()


@share(1.5)
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    soft_edge=st.sampled_from([0, 0, 3, 17]),
    share=st.floats(0, 1),
    seed=st.integers(0, 2**31),
)
def test_random_selections_keep_every_byte_outside(
    height: int, width: int, soft_edge: int, share: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.integers(0, 256, (height, width), np.uint8)
    mask[rng.random((height, width)) > share] = 0
    mask[(rng.random((height, width)) > 0.7) & (mask > 0)] = 255
    mask[rng.integers(height), rng.integers(width)] = 255
    image = rng.integers(0, 256, (height, width, 4), np.uint8)
    plan, result = inpainted(image, mask, soft_edge)
    assert_exact(image, mask, plan, result)


@pytest.mark.parametrize("by", [Extension(3, 0, 5, 1), Extension(right=90), Extension(top=1)])
def test_outpainting_moves_the_old_picture_and_changes_none_of_it(by: Extension) -> None:
    image = noise(31, 45, 4)
    plan = plan_canvas(
        checked(PaintRequest(mode=Mode.OUTPAINT, image=image, extension=by)), NATIVE, 8, 8
    )
    result = finish(plan, painting(plan))
    assert plan.layout.origin_canvas == (by.left, by.top)
    old = result.merged[by.top : by.top + 31, by.left : by.left + 45]
    assert (old == image).all()
    assert plan.layout.canvas == Size(45 + by.left + by.right, 31 + by.top + by.bottom)
    new = np.ones(result.merged.shape[:2], bool)
    new[by.top : by.top + 31, by.left : by.left + 45] = False
    assert (result.merged[new][:, 3] == 255).all()


@pytest.mark.parametrize("mode", [Mode.REFINE, Mode.UPSCALE])
def test_refining_a_cut_out_keeps_its_shape_and_what_hides_under_it(mode: Mode) -> None:
    image = noise(40, 50, 4)
    image[:10, :, 3] = 0
    image[10:20, :, 3] = 90
    request = checked(
        PaintRequest(mode=mode, image=image, factor=2.0 if mode is Mode.UPSCALE else None)
    )
    plan = plan_canvas(request, NATIVE, 8, 8)
    result = finish(plan, painting(plan))
    canvas = plan.canvas_pixels
    assert canvas is not None
    assert (result.merged[..., 3] == canvas[..., 3]).all()
    hidden = canvas[..., 3] == 0
    assert hidden.any()
    assert (result.merged[hidden] == canvas[hidden]).all()


@pytest.mark.parametrize("mode", [Mode.GENERATE, Mode.VARY])
def test_a_new_picture_is_opaque_and_all_paint(mode: Mode) -> None:
    image = noise(20, 30, 4) if mode is Mode.VARY else None
    plan = plan_canvas(
        checked(PaintRequest(mode=mode, image=image, size=Size(30, 20))), NATIVE, 8, 8
    )
    result = finish(plan, painting(plan))
    assert result.merged.shape == (20, 30, 4)
    assert (result.merged[..., 3] == 255).all()
    assert (result.merged == result.image).all()


def test_the_second_pass_keeps_the_promise_too() -> None:
    image = noise(300, 400, 4)
    mask = with_block(300, 400, slice(20, 250), slice(10, 390))
    plan, _ = inpainted(image, mask)
    larger = second_pass(plan, painting(plan))
    assert larger is not None
    assert_exact(image, mask, larger, finish(larger, painting(larger)))


def test_the_request_s_own_arrays_are_left_alone() -> None:
    image, mask = noise(40, 60, 4), TABLE["left border"].copy()
    before = image.copy(), mask.copy()
    inpainted(image, mask, soft_edge=5)
    assert (image == before[0]).all()
    assert (mask == before[1]).all()


def test_half_a_mask_mixes_in_integers_rounded_to_nearest() -> None:
    canvas = np.array([[[10, 0, 255, 255]]], np.uint8)
    paint = patch(np.array([[[200, 255, 0]]], np.uint8), np.array([[100]], np.uint8))
    result = merged(canvas, paint, Box(0, 0, 1, 1), Alpha.OVER)
    assert result[0, 0].tolist() == [85, 100, 155, 255]


@pytest.mark.parametrize(("alpha", "expected"), [(0, 100), (128, 178), (255, 255)])
def test_under_paint_alpha_becomes_its_lerp_to_opaque(alpha: int, expected: int) -> None:
    canvas = np.array([[[10, 20, 30, alpha]]], np.uint8)
    paint = patch(np.array([[[200, 210, 220]]], np.uint8), np.array([[100]], np.uint8))
    assert merged(canvas, paint, Box(0, 0, 1, 1), Alpha.OVER)[0, 0, 3] == expected


def test_colour_hidden_under_transparency_tints_no_soft_paint() -> None:
    canvas = np.array([[[255, 0, 255, 0]]], np.uint8)
    paint = patch(np.array([[[20, 200, 40]]], np.uint8), np.array([[60]], np.uint8))
    assert merged(canvas, paint, Box(0, 0, 1, 1), Alpha.OVER)[0, 0].tolist() == [20, 200, 40, 60]


def test_a_large_soft_mask_is_mixed_as_a_small_one() -> None:
    canvas, paint = noise(700, 5, 4), patch(noise(700, 5, 3), np.full((700, 5), 128, np.uint8))
    whole = merged(canvas, paint, Box(0, 0, 5, 700), Alpha.OVER)
    for row in (0, 255, 256, 699):
        alone = merged(canvas[row : row + 1], paint[row : row + 1], Box(0, 0, 5, 1), Alpha.OVER)
        assert (whole[row] == alone[0]).all()
