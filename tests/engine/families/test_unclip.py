from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.api import Size
from engine.embedded.train.export import WEIGHTS
from engine.errors import CancelledError, ModelError
from engine.families import Conditions, TowardsPicture, TowardsWords
from engine.families.unclip import CELL, UnclipFamily, UnclipModel, mahlstick_families
from engine.prompts import Prompt
from engine.samplers.dpmpp_2m import dpmpp_2m
from engine.schedules import CLEAN
from engine.schedules.uniform import model as uniform

SMALL = Size(256, 256)


@pytest.fixture(scope="module")
def model() -> UnclipModel:
    family = UnclipFamily()
    card = family.recognise(WEIGHTS)
    assert card is not None
    return family.load(card, "cpu", "fp32")


def noise(model: UnclipModel, working: Size, seeds: tuple[int, ...]) -> torch.Tensor:
    shape = model.latent_shape(working)
    return torch.stack(
        [torch.randn(shape, generator=torch.Generator().manual_seed(s)) for s in seeds]
    )


def painted(model: UnclipModel, steps: int = 12, **asked: Any) -> NDArray[np.uint8]:
    """Return uint8 pictures (N, H, W, 3)."""
    asked = {"working": SMALL, "guidance": model.card.guidance, **asked}
    conditions = Conditions(**asked)
    denoise = model.denoiser(conditions)
    start = noise(model, conditions.working, conditions.seeds)
    *_, x0 = dpmpp_2m(denoise, start, uniform(model.path, steps), lambda: start)
    pictures = model.decode(x0, conditions.working, lambda: None)
    return ((pictures.movedim(1, -1) + 1) * 127.5).round().to(torch.uint8).numpy()


def test_importing_the_family_imports_no_torch() -> None:
    code = "import sys, engine.families.unclip; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_family_registers_itself_by_the_hook() -> None:
    names = [family.name for family in mahlstick_families()]
    assert names == ["unclip", "kandinsky22", "stable-unclip", "karlo"]


def test_a_folder_of_something_else_is_not_recognised(tmp_path: Path) -> None:
    assert UnclipFamily().recognise(tmp_path) is None


def test_a_broken_mark_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "unclip.json").write_text("{", "utf-8")
    with pytest.raises(ModelError, match="install the model again"):
        UnclipFamily().recognise(tmp_path)


def test_missing_weights_are_a_sentence(tmp_path: Path) -> None:
    card = UnclipFamily().recognise(WEIGHTS)
    assert card is not None
    (tmp_path / "unclip.json").write_bytes((WEIGHTS / "unclip.json").read_bytes())
    with pytest.raises(ModelError, match="install it again"):
        UnclipFamily().load(replace(card, path=tmp_path), "cpu", "fp32")


def test_an_unknown_precision_is_refused() -> None:
    card = UnclipFamily().recognise(WEIGHTS)
    assert card is not None
    with pytest.raises(ModelError, match="fp32, bf16, fp16"):
        UnclipFamily().load(card, "cpu", "fp8")


def test_no_file_of_the_weights_is_over_sixteen_mebibytes() -> None:
    sizes = [path.stat().st_size for path in Path(WEIGHTS).rglob("*") if path.is_file()]
    assert max(sizes) <= 16 * 2**20
    assert sum(sizes) <= 48 * 2**20


@pytest.mark.parametrize(("width", "height"), [(256, 256), (384, 256), (256, 320), (512, 512)])
def test_any_working_size_of_the_right_multiple_can_be_encoded_and_decoded(
    model: UnclipModel, width: int, height: int
) -> None:
    working = Size(width, height)
    pictures = torch.rand((1, 3, height, width), generator=torch.Generator().manual_seed(1))
    latents = model.encode(pictures * 2 - 1)
    assert tuple(latents.shape[1:]) == model.latent_shape(working)
    assert model.decode(latents, working, lambda: None).shape == pictures.shape
    assert width % model.card.multiple == 0


def test_a_smooth_picture_survives_encoding_and_decoding(model: UnclipModel) -> None:
    across = torch.linspace(-0.8, 0.8, 256).expand(1, 3, 256, 256)
    back = model.decode(model.encode(across), SMALL, lambda: None)
    assert (back - across).abs().mean() < 0.05


def test_a_preview_looks_like_the_picture(model: UnclipModel) -> None:
    picture = torch.full((1, 3, 256, 256), -1.0)
    picture[:, 0, :, 128:] = 1.0  # red on the right
    preview = model.preview(model.encode(picture)).numpy()
    assert preview.dtype == np.uint8
    assert preview.shape == (1, 64, 64, 3)
    assert preview[0, :, 40:, 0].mean() > 180
    assert preview[0, :, :24].mean() < 60


def test_a_seed_paints_the_same_picture_twice(model: UnclipModel) -> None:
    asked = {"prompt": "a red circle on a blue background", "seeds": (5,), "steps": 3}
    assert np.array_equal(painted(model, **asked), painted(model, **asked))


def test_a_candidate_alone_is_what_it_is_in_the_batch(model: UnclipModel) -> None:
    prompt = "a full moon over the sea at night"
    batch = painted(model, prompt=prompt, seeds=(1, 2, 3), steps=6)
    alone = painted(model, prompt=prompt, seeds=(2,), steps=6)
    assert np.abs(batch[1].astype(int) - alone[0].astype(int)).max() <= 2


def test_cancelling_ends_a_step_before_its_network_is_through(model: UnclipModel) -> None:
    calls, stop_at = 0, None

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == stop_at:
            raise CancelledError("The job was cancelled.")

    denoise = model.denoiser(Conditions(prompt="a sunset", working=SMALL, seeds=(1,), check=check))
    assert calls > 3, "reading the prompt asks nothing"
    calls, stop_at = 0, 3
    with pytest.raises(CancelledError):
        denoise(noise(model, SMALL, (1,)), model.path.level(1.0))
    assert calls == 3


def test_a_cancelled_job_leaves_the_model_usable(model: UnclipModel) -> None:
    def check() -> None:
        raise CancelledError("The job was cancelled.")

    x = noise(model, SMALL, (1,))
    with pytest.raises(CancelledError):
        model.denoiser(Conditions(working=SMALL, seeds=(1,), check=check))(x, model.path.level(1.0))
    model.denoiser(Conditions(working=SMALL, seeds=(1,)))(x, model.path.level(1.0))


def test_without_guidance_the_network_sees_each_candidate_once(model: UnclipModel) -> None:
    rows = []
    handle = model.parts.unet.conv_in.register_forward_hook(lambda _, x, __: rows.append(len(x[0])))
    x = noise(model, SMALL, (1, 2))
    for strength in (1.0, 3.0):
        asked = Conditions(prompt="a sun", guidance=strength, working=SMALL, seeds=(1, 2))
        model.denoiser(asked)(x, model.path.level(0.5))
    handle.remove()
    assert rows == [2, 4]


def test_at_the_last_level_the_picture_is_taken_as_it_is(model: UnclipModel) -> None:
    x = noise(model, SMALL, (1,))
    denoise = model.denoiser(Conditions(prompt="a sun", working=SMALL, seeds=(1,)))
    assert torch.allclose(denoise(x, CLEAN), x)


def test_only_latents_that_the_hole_touches_are_hidden_from_the_network(model: UnclipModel) -> None:
    hole = torch.zeros(1, 1, 256, 256)
    hole[..., 100:120, 100:120] = 1.0
    seen = []
    handle = model.parts.unet.conv_in.register_forward_hook(lambda _, x, __: seen.append(x[0]))
    asked = Conditions(
        prompt="a moon", working=SMALL, seeds=(1,), known=torch.zeros(1, 3, 256, 256), hole=hole
    )
    model.denoiser(asked)(noise(model, SMALL, (1,)), model.path.level(1.0))
    handle.remove()
    marked = seen[0][0, -1].nonzero()
    assert marked.amin(0).tolist() == [100 // CELL] * 2
    assert marked.amax(0).tolist() == [119 // CELL] * 2


def test_what_is_unknown_is_told_and_the_rest_is_painted(model: UnclipModel) -> None:
    understanding = model.understand("a red circle riding a unicorn")
    assert set(understanding.unknown_words) == {"riding", "unicorn"}
    assert not understanding.nothing_known
    assert painted(model, prompt="a red circle riding a unicorn", seeds=(1,), steps=1).any()


@pytest.mark.parametrize(
    ("prompt", "shape_rgb", "ground_rgb"),
    [
        ("a large red circle on a blue background", (0.85, 0.1, 0.1), (0.2, 0.3, 0.85)),
        ("a large yellow square on a black background", (0.95, 0.85, 0.2), (0.08, 0.08, 0.08)),
        ("a large white circle on a green background", (0.98, 0.98, 0.96), (0.25, 0.6, 0.3)),
    ],
)
def test_the_shape_and_its_ground_have_their_own_colours(
    model: UnclipModel, prompt: str, shape_rgb: tuple[float, ...], ground_rgb: tuple[float, ...]
) -> None:
    pictures = painted(model, prompt=prompt, seeds=(1, 2, 3, 4)) / 255.0
    edge = np.concatenate(
        [pictures[:, :6].reshape(4, -1, 3), pictures[:, -6:].reshape(4, -1, 3)], 1
    )
    right_ground = np.abs(np.median(edge, 1) - ground_rgb).max(-1) < 0.3
    near = np.abs(pictures - np.array(shape_rgb)).max(-1) < 0.3
    right_shape = near.mean((1, 2)) > 0.04
    assert (right_ground & right_shape).sum() >= 3


def test_a_night_is_darker_than_a_day(model: UnclipModel) -> None:
    night = painted(model, prompt="a full moon over the sea at night", seeds=(1, 2))
    day = painted(model, prompt="the sun over the sea by day", seeds=(1, 2))
    assert night.mean() + 40 < day.mean()


def test_a_moon_is_painted_into_the_hole_and_the_sky_goes_on_around_it(model: UnclipModel) -> None:
    down = torch.linspace(-0.9, -0.5, 256)[:, None].expand(256, 256)
    known = torch.stack([down, down, down + 0.3])[None]
    hole = torch.zeros(1, 1, 256, 256)
    hole[..., 64:192, 64:192] = 1.0
    asked = {"prompt": "a full moon", "seeds": (1, 2), "known": known, "hole": hole}
    pictures = painted(model, **asked).astype(float)
    for picture in pictures:
        inside = picture[64:192, 64:192].mean(-1)
        assert np.quantile(inside, 0.95) > 120  # something bright
        ring = np.concatenate([picture[66:72, 66:190].mean(-1).ravel(), inside[-6:].ravel()])
        assert np.median(ring) < 90  # and still night at the hole's border


def test_words_that_fit_a_picture_score_higher_than_words_that_do_not(model: UnclipModel) -> None:
    pictures = (
        torch.from_numpy(
            painted(model, prompt="a red circle on a blue background", seeds=(1,))
        ).movedim(-1, 1)
        / 127.5
        - 1
    )
    fits = model.score(pictures, "a red circle on a blue background")
    not_so = model.score(pictures, "a night sky with stars over the sea")
    assert fits is not None
    assert not_so is not None
    assert fits[0] > not_so[0]
    assert model.score(pictures, "xyzzy") is None


def test_variations_take_after_the_picture_without_words(model: UnclipModel) -> None:
    night = torch.full((1, 3, 256, 256), -0.85)
    night[:, 2] = -0.6
    day = torch.full((1, 3, 256, 256), 0.5)
    day[:, 2] = 0.95
    dark, light = (painted(model, like=like, seeds=(1,)) for like in (night, day))
    assert dark.mean() + 40 < light.mean()


def ramp(dark: float, light: float) -> torch.Tensor:
    """Return an even picture (1, 3, 256, 256), bluer than it is red."""
    return torch.stack([torch.full((256, 256), value) for value in (dark, dark, light)])[None]


def test_what_lies_between_two_pictures_is_neither_as_dark_nor_as_light(
    model: UnclipModel,
) -> None:
    night, day = ramp(-0.85, -0.6), ramp(0.5, 0.95)

    def mixed(share: float) -> float:
        guides = (TowardsPicture(day, share),)
        return float(painted(model, like=night, guides=guides, seeds=(1,), steps=8).mean())

    dark, middle, light = (mixed(share) for share in (0.0, 0.5, 1.0))
    assert dark + 10 < middle < light - 10
    assert dark == painted(model, like=night, seeds=(1,), steps=8).mean()


def test_the_difference_of_two_texts_changes_what_they_differ_in(model: UnclipModel) -> None:
    red, green = ("a red circle on a blue background", "a green circle on a blue background")
    shown = painted(model, prompt=red, seeds=(1,))
    like = torch.from_numpy(shown).movedim(-1, 1) / 127.5 - 1

    def led(share: float) -> NDArray[np.float64]:
        guides = (TowardsWords(red, share),)
        return painted(model, prompt=green, like=like, guides=guides, seeds=(4,))[0].mean((0, 1))

    before, after = led(0.0), led(0.6)
    assert after[1] - after[0] > before[1] - before[0] + 5  # greener than red
    assert after[2] > 100  # on blue still


def test_an_unloaded_model_says_so(model: UnclipModel) -> None:
    card = model.card
    other = UnclipFamily().load(card, "cpu", "fp32")
    other.unload()
    with pytest.raises(ModelError, match="load it again"):
        other.preview(other.encode(torch.zeros(1, 3, 64, 64)))


def test_a_word_that_counts_more_or_less_shows(model: UnclipModel) -> None:
    def blueness(source: str) -> float:
        words = Prompt.read(source).at(1, 1)
        conditions = Conditions(
            prompt=words.text, words=words, working=SMALL, seeds=(5,), guidance=3.0
        )
        start = noise(model, SMALL, (5,))
        x0 = model.denoiser(conditions)(start, model.path.level(1.0))
        red, _, blue = model.preview(x0).float().mean((0, 1, 2)).tolist()
        return blue - red

    plain = blueness("a red circle on a blue background")
    assert blueness("a red circle on a (blue:1.0) background") == plain
    assert blueness("a red circle on a (blue:0.2) background") < plain - 5


def test_words_beyond_the_models_length_are_read_too(model: UnclipModel) -> None:
    def first(prompt: str) -> torch.Tensor:
        conditions = Conditions(prompt=prompt, working=SMALL, seeds=(5,), guidance=3.0)
        return model.denoiser(conditions)(noise(model, SMALL, (5,)), model.path.level(1.0))

    long = "a sunset over the sea, " + "small clouds, " * 12
    night, day = first(long + "a starry night"), first(long + "a clear day")
    assert (night - day).abs().max() > 0.05
