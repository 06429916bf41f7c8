"""What the model is shown in each mode, at which size, and what it may change."""

from __future__ import annotations

import sys
from subprocess import run
from typing import Any

import numpy as np
import pytest

from engine.api import Box, Extension, MaskShape, Mode, PaintRequest, Size
from engine.canvas import CanvasPlan, finish, plan_canvas, second_pass
from engine.canvas.spaces import crop
from engine.requests import checked

NATIVE = Size(256, 256)


def photo(height: int = 200, width: int = 300) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    channels = (x * 255 // width, y * 255 // height, (x + y) % 256, np.full_like(x, 255))
    return np.stack(channels, axis=-1).astype(np.uint8)


def selected(box: Box, height: int = 200, width: int = 300) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    mask[box.top : box.bottom, box.left : box.right] = 255
    return mask


def planned(mode: Mode, native: Size = NATIVE, **given: Any) -> CanvasPlan:
    return plan_canvas(checked(PaintRequest(mode=mode, **given)), native, 8, 8)


def test_a_generated_picture_has_the_native_size_unless_another_is_asked_for() -> None:
    plan = planned(Mode.GENERATE)
    assert plan.layout.canvas == plan.layout.working == NATIVE
    assert plan.known_working is None
    assert plan.canvas_pixels is None
    assert plan.denoise_mask_working.min() == 1.0
    assert (plan.layout.paste_mask == 255).all()


def test_a_larger_picture_is_painted_small_and_refined() -> None:
    plan = planned(Mode.GENERATE, size=Size(1020, 513))
    assert plan.layout.working == Size(512, 256)
    assert plan.layout.context_box_canvas == Box(0, 0, 1020, 513)
    larger = second_pass(plan, np.full((256, 512, 3), 50, np.uint8))
    assert larger is not None
    assert larger.spaces.working == larger.spaces.context_canvas.size == Size(1024, 520)
    assert larger.known_working is not None
    assert (larger.known_working == 50).all()
    result = finish(larger, larger.known_working)
    assert result.merged.shape == (513, 1020, 4)


def test_a_small_selection_is_painted_at_native_size_and_scaled_down() -> None:
    plan = planned(Mode.INPAINT, image=photo(), mask=selected(Box(150, 90, 12, 12)))
    assert plan.layout.working == NATIVE
    assert plan.layout.context_box_canvas.width < 256
    assert plan.spaces.scale > 1.0
    assert second_pass(plan, np.zeros((256, 256, 3), np.uint8)) is None


def test_the_paste_box_is_just_the_selection() -> None:
    box = Box(150, 90, 30, 21)
    plan = planned(Mode.INPAINT, image=photo(), mask=selected(box))
    assert plan.layout.paste_box_canvas == box
    context = plan.layout.context_box_canvas
    assert context.left < box.left
    assert context.right > box.right


def test_context_in_pixels_is_what_the_painter_asked_for() -> None:
    plan = planned(
        Mode.INPAINT,
        image=photo(),
        mask=selected(Box(100, 50, 40, 40)),
        mask_shape=MaskShape(context=20),
    )
    assert plan.layout.context_box_canvas == Box(80, 30, 80, 80)


@pytest.mark.parametrize(("strength", "forgotten"), [(1.0, True), (0.6, False)])
def test_only_full_strength_forgets_what_was_selected(strength: float, forgotten: bool) -> None:
    image, box = photo(), Box(140, 90, 20, 20)
    image[90:110, 140:160, :3] = (255, 0, 255)
    plan = planned(Mode.INPAINT, image=image, mask=selected(box), strength=strength)
    assert plan.known_working is not None
    hole = plan.known_working[plan.denoise_mask_working == 1.0].astype(int)
    magenta = (hole[:, 0] > 200) & (hole[:, 1] < 50) & (hole[:, 2] > 200)
    assert magenta.any() != forgotten


def test_refining_a_selection_starts_from_what_is_there() -> None:
    image = photo()
    image[90:110, 140:160, :3] = (255, 0, 255)
    plan = planned(Mode.REFINE, image=image, mask=selected(Box(140, 90, 20, 20)), strength=1.0)
    assert plan.known_working is not None
    x, y = map(int, plan.spaces.point_to_working(150, 100))
    assert plan.known_working[y, x].tolist() == [255, 0, 255]


def test_refining_without_a_selection_may_change_everything() -> None:
    plan = planned(Mode.REFINE, image=photo())
    assert plan.denoise_mask_working.min() == 1.0
    assert plan.layout.paste_box_canvas == Box(0, 0, 300, 200)
    assert plan.colour_weights is None


def test_varying_shows_the_whole_picture_and_holds_to_nothing() -> None:
    plan = planned(Mode.VARY, image=photo())
    assert plan.known_working is None
    assert plan.like_working is not None
    assert plan.like_working.shape == (256, 384, 3)
    assert plan.layout.canvas == Size(300, 200)
    turned = planned(Mode.VARY, image=photo(), size=Size(100, 200))
    assert turned.layout.canvas == Size(100, 200)
    assert turned.like_working is not None
    assert turned.like_working.shape[:2] == turned.denoise_mask_working.shape


def test_upscaling_works_on_the_enlarged_picture_without_resampling_it() -> None:
    plan = planned(Mode.UPSCALE, image=photo(101, 150), factor=2.0)
    assert plan.layout.canvas == Size(300, 202)
    assert plan.layout.working == plan.layout.context_box_canvas.size == Size(304, 208)
    assert plan.known_working is not None
    assert plan.canvas_pixels is not None
    result = finish(plan, plan.known_working)
    assert (result.merged == plan.canvas_pixels).all()


def test_outpainting_shows_the_old_picture_continued() -> None:
    plan = planned(Mode.OUTPAINT, image=photo(), extension=Extension(right=100))
    assert plan.layout.canvas == Size(400, 200)
    assert plan.layout.paste_box_canvas == Box(300, 0, 100, 200)
    assert plan.known_working is not None
    edge = int(plan.spaces.point_to_working(300, 0)[0])
    step = np.abs(np.diff(plan.known_working.astype(int), axis=1))[:, edge - 2 : edge + 3, :2]
    assert step.max() <= 12
    acts = plan.denoise_mask_working
    assert (acts[:, edge + 2 :] == 1.0).all()
    assert 0.0 < acts[100, edge - 6] <= 1.0
    assert acts[100, 0] == 0.0


def test_outpainting_a_sliver_of_a_picture_works() -> None:
    plan = planned(Mode.OUTPAINT, image=photo(1, 1), extension=Extension(left=2000, top=3))
    assert plan.known_working is not None
    finish(plan, plan.known_working)


def test_transparent_paint_is_filled_for_the_model_and_nothing_holds_it_there() -> None:
    image = photo()
    image[:, :120] = (255, 0, 0, 0)
    plan = planned(Mode.INPAINT, image=image, mask=selected(Box(100, 50, 60, 60)))
    assert plan.known_working is not None
    x, y = map(int, plan.spaces.point_to_working(60, 80))
    assert plan.known_working[y, x, 0] < 200
    assert plan.denoise_mask_working[y, x] == 1.0
    assert plan.colour_weights is not None
    assert plan.colour_weights[y, x] == 0.0


def test_an_entirely_transparent_canvas_is_shown_as_grey_and_free() -> None:
    plan = planned(
        Mode.INPAINT, image=np.zeros((50, 60, 4), np.uint8), mask=selected(Box(5, 5, 9, 9), 50, 60)
    )
    assert plan.known_working is not None
    assert (plan.known_working == 127).all()
    assert plan.denoise_mask_working.min() == 1.0


def test_colours_are_compared_only_where_the_model_is_held() -> None:
    plan = planned(Mode.INPAINT, image=photo(), mask=selected(Box(140, 90, 20, 20)))
    assert plan.colour_weights is not None
    assert plan.colour_weights.max() > 0.9
    assert (plan.colour_weights[plan.denoise_mask_working > 0.5] == 0).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (700, 1), (3, 2000)])
@pytest.mark.parametrize("mode", [Mode.INPAINT, Mode.REFINE, Mode.VARY, Mode.UPSCALE])
def test_every_shape_of_canvas_has_a_plan_in_every_mode(mode: Mode, size: tuple[int, int]) -> None:
    given: dict[str, Any] = {"image": photo(*size)}
    if mode is Mode.INPAINT:
        given["mask"] = np.full(size, 255, np.uint8)
    plan = planned(mode, **given)
    working = plan.spaces.working
    assert working.width % 8 == working.height % 8 == 0
    shape = (working.height, working.width)
    assert plan.denoise_mask_working.shape == shape
    assert plan.denoise_mask_working.dtype == np.float32
    assert plan.denoise_mask_latent.shape == (plan.spaces.latent.height, plan.spaces.latent.width)
    result = finish(plan, np.zeros((*shape, 3), np.uint8))
    box = plan.layout.paste_box_canvas
    assert result.image.shape == (box.height, box.width, 4)


def test_the_second_pass_starts_from_the_first_and_the_untouched_canvas() -> None:
    image = photo(600, 900)
    mask = selected(Box(200, 100, 500, 400), 600, 900)
    plan = planned(Mode.INPAINT, image=image, mask=mask)
    working = plan.spaces.working
    larger = second_pass(plan, np.full((working.height, working.width, 3), 128, np.uint8))
    assert larger is not None
    assert larger.known_working is not None
    context = larger.spaces.context_canvas
    assert larger.spaces.working == context.size
    seen, outside = crop(image, context), crop(mask, context) == 0
    assert (larger.known_working[outside] == seen[..., :3][outside]).all()
    centre = larger.known_working[300 - context.top, 450 - context.left].astype(int)
    assert np.abs(centre - 128).max() <= 25


def test_the_engine_s_door_stays_light() -> None:
    code = "import engine, sys; sys.exit('cv2' in sys.modules or 'torch' in sys.modules)"
    assert run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_layout_tells_where_the_model_may_act() -> None:
    box = Box(100, 60, 80, 70)
    plan = planned(Mode.INPAINT, image=photo(), mask=selected(box))
    mask = plan.layout.denoise_mask
    assert mask is not None
    assert mask.shape == plan.denoise_mask_working.shape
    assert (mask == np.rint(plan.denoise_mask_working * 255)).all()
    assert planned(Mode.GENERATE).layout.denoise_mask is None
