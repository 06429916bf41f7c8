"""Paint gets the canvas's colours back, by exact statistics of the kept pixels alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.api import MaskShape, Mode, PaintRequest, Size
from engine.canvas import finish, plan_canvas
from engine.canvas.colour import (
    LARGEST_GAIN,
    LARGEST_SHIFT,
    ColourReport,
    corrected,
    measured,
)


def picture(seed: int = 0, height: int = 60, width: int = 80) -> np.ndarray:
    rng = np.random.default_rng(seed)
    ground = np.linspace(70, 170, width)[None, :, None] + rng.normal(0, 8, (height, width, 3))
    return np.clip(np.rint(ground), 0, 255).astype(np.uint8)


def ring(height: int = 60, width: int = 80) -> np.ndarray:
    weights = np.zeros((height, width), np.float32)
    weights[5:20] = 1.0
    return weights


def test_equal_colours_are_left_alone() -> None:
    kept = picture()
    report = measured(kept, kept.copy(), ring())
    assert not report.changes
    assert not report.limited
    assert corrected(kept, report) is kept


def test_a_known_shift_is_recovered_exactly() -> None:
    kept = picture()
    painted = (kept.astype(int) + np.array([7, -5, 3])).astype(np.uint8)
    report = measured(kept, painted, ring())
    assert report.shift == pytest.approx((-7, 5, -3), abs=1e-9)
    assert report.gain == pytest.approx((1, 1, 1), abs=1e-9)
    assert (corrected(painted, report) == kept).all()


def test_lost_contrast_is_given_back() -> None:
    kept = picture()
    painted = np.rint((kept.astype(float) - 120) * 0.9 + 124).astype(np.uint8)
    report = measured(kept, painted, ring())
    assert report.gain == pytest.approx((1 / 0.9,) * 3, abs=0.01)
    assert np.abs(corrected(painted, report).astype(int) - kept).max() <= 1


def test_a_decoder_s_softness_is_not_taken_for_lost_contrast() -> None:
    rng = np.random.default_rng(5)
    soft = np.linspace(60, 190, 80)[None, :, None] * np.ones((60, 1, 3))
    kept = np.clip(soft + rng.normal(0, 20, soft.shape), 0, 255).astype(np.uint8)
    report = measured(kept, np.rint(soft).astype(np.uint8), np.ones((60, 80), np.float32))
    assert report.gain == pytest.approx((1, 1, 1), abs=0.03)


def test_other_content_changes_no_contrast() -> None:
    kept, painted = picture(1), picture(2)[:, ::-1].copy()
    kept = np.random.default_rng(3).permutation(kept.reshape(-1, 3)).reshape(kept.shape)
    report = measured(kept, painted, ring())
    assert report.gain == pytest.approx((1, 1, 1), abs=0.02)


def test_pixels_without_weight_count_for_nothing() -> None:
    kept, weights = picture(), ring()
    painted = (kept.astype(int) + 6).astype(np.uint8)
    expected = measured(kept, painted, weights)
    kept[weights == 0], painted[weights == 0] = 0, 255
    assert measured(kept, painted, weights) == expected


def test_a_half_kept_pixel_counts_half() -> None:
    kept, painted = np.zeros((1, 60, 3), np.uint8), np.zeros((1, 60, 3), np.uint8)
    kept[0, 30:] = 9
    weights = np.where(np.arange(60) < 30, 1.0, 0.5).astype(np.float32)[None, :]
    report = measured(kept, painted, weights)
    assert report.shift == pytest.approx((3.0,) * 3)
    assert report.pixels == 45.0


def test_a_correction_is_limited_and_says_so() -> None:
    kept = picture()
    painted = np.clip(255 - kept.astype(int) // 3, 0, 255).astype(np.uint8)
    report = measured(kept, painted, ring())
    assert report.limited
    assert max(map(abs, report.shift)) <= LARGEST_SHIFT
    assert all(1 / LARGEST_GAIN <= gain <= LARGEST_GAIN for gain in report.gain)


def test_too_few_pixels_correct_nothing() -> None:
    kept, weights = picture(), np.zeros((60, 80), np.float32)
    weights[0, :10] = 1.0
    report = measured(kept, kept // 2, weights)
    assert report == replace(ColourReport(), pixels=10.0)


def test_an_inpainting_whose_model_shifts_colours_comes_back_in_the_canvas_s() -> None:
    rng = np.random.default_rng(7)
    image = np.full((120, 160, 4), 255, np.uint8)
    image[..., :3] = np.clip(120 + 40 * rng.standard_normal((120, 160, 1)), 20, 230)
    mask = np.zeros((120, 160), np.uint8)
    mask[50:70, 70:95] = 255
    request = PaintRequest(
        mode=Mode.REFINE, image=image, mask=mask, mask_shape=MaskShape(grow=0, feather=2)
    )
    plan = plan_canvas(request, Size(128, 128), 8, 8)
    assert plan.known_working is not None
    painted = (plan.known_working.astype(int) + np.array([6, -4, 2])).astype(np.uint8)
    report = finish(plan, painted).colour
    assert report.shift == pytest.approx((-6, 4, -2), abs=1e-6)
    assert report.pixels > 500
