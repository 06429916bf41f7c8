"""An invisible mark: never seen, found again, and never found where it is not."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine import Pixels
from engine.errors import PluginError
from engine.stamps.watermark import mahlstick_plugins, marked, watermark_of

PHOTOGRAPH = Path(__file__).parents[3] / "bridge" / "demo" / "sunset.jpg"


@pytest.fixture(scope="module")
def photograph() -> Pixels:
    with Image.open(PHOTOGRAPH) as picture:
        return np.asarray(picture.convert("RGBA"))[:400, :600].copy()


def jpeg(pixels: Pixels, quality: int) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(pixels[..., :3]).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(io.BytesIO(file.getvalue()), formats=["JPEG"]))


def test_a_marked_picture_is_known_and_an_unmarked_one_is_not(photograph: Pixels) -> None:
    assert not watermark_of(photograph).marked
    assert watermark_of(marked(photograph, (0, 0))).score > 20


def test_the_eye_finds_nothing(photograph: Pixels) -> None:
    apart = np.abs(marked(photograph, (0, 0)).astype(int) - photograph)
    assert apart.max() <= 6
    assert apart.mean() < 1


def test_alpha_and_what_is_not_opaque_stay_as_they_are(photograph: Pixels) -> None:
    patch = photograph.copy()
    patch[:, 200:, 3] = 0
    patch[:, 190:200, 3] = 128
    made = marked(patch, (0, 0))
    assert np.array_equal(made[..., 3], patch[..., 3])
    assert np.array_equal(made[:, 184:], patch[:, 184:])  # 184: the last whole opaque block ends
    assert not np.array_equal(made[:, :184], patch[:, :184])


@pytest.mark.parametrize("origin", [(0, 0), (3, 5), (-9, 14), (257, 511)])
def test_paint_anywhere_on_a_canvas_has_one_grid(
    photograph: Pixels, origin: tuple[int, int]
) -> None:
    # Patches of one picture agree with each other: the whole is known better than either.
    left, right = photograph[:, :300], photograph[:, 300:]
    beside = (origin[0] + 300, origin[1])
    parts = [marked(left, origin), marked(right, beside)]
    whole = watermark_of(np.concatenate(parts, axis=1)).score
    assert whole > max(watermark_of(part).score for part in parts)


@pytest.mark.parametrize("quality", [95, 85, 75])
def test_it_survives_jpeg(photograph: Pixels, quality: int) -> None:
    assert watermark_of(jpeg(marked(photograph, (0, 0)), quality)).marked


def test_it_survives_crops_and_other_brightness(photograph: Pixels) -> None:
    made = marked(photograph, (0, 0))
    assert watermark_of(made[37:301, 53:411]).marked
    darker = (made[..., :3] * 0.8).astype(np.uint8)
    assert watermark_of(darker).marked


@pytest.mark.parametrize("shape", [(3, 5), (8, 7), (15, 9), (1, 1)])
def test_patches_without_a_whole_block_stay_as_they_are(shape: tuple[int, int]) -> None:
    patch = np.full((*shape, 4), 255, np.uint8)
    made = marked(patch, (1, 1))
    if min(shape) < 14:
        assert np.array_equal(made, patch)
    assert made.shape == patch.shape


def test_no_drawn_or_noisy_picture_is_mistaken() -> None:
    rng = np.random.default_rng(5)
    for kind in range(6):
        noise = rng.integers(0, 256, (256, 256, 3), np.uint8)
        flat = np.full_like(noise, 40 * kind)
        assert not watermark_of(noise).marked
        assert not watermark_of(flat).marked


def test_it_is_off_unless_asked_for() -> None:
    assert mahlstick_plugins({}) == []
    assert len(mahlstick_plugins({"watermark": {"enabled": True}})) == 1
    for wrong in ({"enabled": "yes"}, {"on": True}):
        with pytest.raises(PluginError, match="enabled = true"):
            mahlstick_plugins({"watermark": wrong})
