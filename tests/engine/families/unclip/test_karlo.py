"""Karlo number by number against diffusers' own pipelines, both super-resolutions included."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.pipelines.deprecated.unclip.pipeline_unclip import UnCLIPPipeline
from diffusers.pipelines.deprecated.unclip.pipeline_unclip_image_variation import (
    UnCLIPImageVariationPipeline,
)

from engine.errors import ModelError
from engine.families import TowardsPicture, TowardsWords
from engine.families.unclip.karlo import SHARPENING_STEPS
from engine.schedules import CLEAN
from tests.engine.families.unclip.looping import (
    PROMPT,
    WORKING,
    apart,
    asked,
    levels_at,
    loaded,
    noise_of,
    picture,
    walked,
)
from tests.engine.tiny_checkpoints import unclip as tiny

CLOSE = 1e-4
STEPS = 5
PRIOR_STEPS = 25
SMALL = (1, 3, 16, 16)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with both editions, which complete each other, and one of each alone."""
    folder = tmp_path_factory.mktemp("karlo")
    tiny.write_karlo(folder / "both" / "dreams")
    tiny.write_karlo(folder / "both" / "sees", sees=True)
    tiny.write_karlo(folder / "blind" / "dreams")
    tiny.write_karlo(folder / "mute" / "sees", sees=True)
    return folder


@pytest.fixture(scope="module")
def model(shelf: Path) -> Any:
    return loaded(shelf / "both" / "dreams")


def source(seed: int = 5) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def painted(model: Any, draw: torch.Generator, **told: Any) -> torch.Tensor:
    """Return what our loop paints with one source of noise for decoder and super-resolution."""
    steps = [round(i * 999 / (STEPS - 1)) for i in reversed(range(STEPS))]
    x = torch.randn(SMALL, generator=draw)
    denoise = model.denoiser(asked(seeds=(5,), guidance=8.0, **told))
    small = walked(denoise, x, levels_at(model, steps), lambda: torch.randn(SMALL, generator=draw))
    with torch.inference_mode():
        return model.parts.sharpening.enlarged(small.clamp(-1, 1), (32, 32), draw)


def as_drawn(theirs: Any) -> torch.Tensor:
    return torch.from_numpy(theirs).movedim(-1, 1) * 2 - 1


def test_text_to_image_agrees_with_diffusers_super_resolution_included(
    model: Any, shelf: Path
) -> None:
    pipeline = tiny.pipeline(UnCLIPPipeline, shelf / "both" / "dreams")
    theirs = pipeline(
        PROMPT, decoder_num_inference_steps=STEPS, generator=source(), output_type="np"
    ).images
    draw = source()
    for _ in range(PRIOR_STEPS):  # what the prior drew from it
        torch.randn(tiny.WIDTH, generator=draw)
    ours = painted(model, draw)
    assert ours.shape == (1, 3, 32, 32)
    assert apart(ours.clamp(-1, 1), as_drawn(theirs)) < CLOSE


def test_image_variations_agree_with_diffusers_super_resolution_included(shelf: Path) -> None:
    pipeline = tiny.pipeline(UnCLIPImageVariationPipeline, shelf / "both" / "sees")
    model, like = loaded(shelf / "both" / "sees"), picture(2)
    with torch.inference_mode():
        seen = model.parts.eye.see(like)
    theirs = pipeline(
        image_embeddings=seen.clone(),
        decoder_num_inference_steps=STEPS,
        generator=source(9),
        output_type="np",
    ).images
    ours = painted(model, source(9), prompt="", like=like)
    assert apart(ours.clamp(-1, 1), as_drawn(theirs)) < CLOSE


def test_refining_starts_from_the_picture_made_small(model: Any) -> None:
    known = picture(1)
    small = model.encode(known)
    assert tuple(small.shape[1:]) == model.latent_shape(WORKING)
    assert apart(small, torch.nn.functional.avg_pool2d(known, 2)) < 1e-6
    level = model.path.level(0.02)
    x = level.alpha * small + level.sigma * noise_of(1, *SMALL)
    x0 = model.denoiser(asked(seeds=(1,), guidance=1.0, start=known))(x, level)
    assert (x0 - small).abs().mean() < 0.3
    assert x0.abs().max() <= 1.0


def test_decoding_sharpens_with_the_same_noise_every_time(model: Any) -> None:
    small, seen = model.encode(picture(1)), []
    first = model.decode(small, WORKING, lambda: seen.append(1))
    assert first.shape == (1, 3, 32, 32)
    assert first.abs().max() <= 1.0
    assert len(seen) > SHARPENING_STEPS  # asked in every layer, not only between pictures
    both = model.decode(torch.cat([small, small]), WORKING, lambda: None)
    assert torch.equal(both[0], first[0])
    assert torch.equal(both[1], first[0])


def test_the_second_network_paints_the_last_step(model: Any) -> None:
    calls = {"first": 0, "last": 0}
    sharp = model.parts.sharpening
    hooks = []
    for name, network in (("first", sharp.first), ("last", sharp.last)):

        def count(*_: object, name: str = name) -> None:
            calls[name] += 1

        hooks.append(network.register_forward_hook(count))
    model.decode(model.encode(picture(1)), WORKING, lambda: None)
    for hook in hooks:
        hook.remove()
    assert calls == {"first": SHARPENING_STEPS - 1, "last": 1}


def test_editions_complete_each_other(shelf: Path) -> None:
    dreams, sees = (loaded(shelf / "both" / name) for name in ("dreams", "sees"))
    for model in (dreams, sees):
        assert not model.card.lacks
        assert model.parts.prior is not None
        assert model.parts.eye is not None
        assert len(model.card.guides) == 2


def test_an_edition_alone_says_what_it_lacks(shelf: Path) -> None:
    blind, mute = loaded(shelf / "blind" / "dreams"), loaded(shelf / "mute" / "sees")
    assert set(blind.card.lacks) == {"vary"}
    assert "image-variations" in blind.card.lacks["vary"]
    assert not blind.card.guides
    assert set(mute.card.lacks) == {"generate"}
    assert "karlo-v1-alpha" in mute.card.lacks["generate"]
    with torch.inference_mode():
        hole = torch.ones(1, 1, 32, 32)
        seen = mute._embedding(asked(known=picture(1), hole=hole))
        assert apart(seen, mute.parts.eye.see(picture(1)).expand(2, -1)) < CLOSE
        assert mute._embedding(asked()).shape == (2, tiny.WIDTH)


def test_mixing_and_turning_move_the_embedding(model: Any) -> None:
    first, second = picture(1), picture(2)

    def seen(*guides: Any) -> torch.Tensor:
        with torch.inference_mode():
            return model._embedding(asked(like=first, guides=guides, seeds=(1,)))

    with torch.inference_mode():
        eyes = [model.parts.eye.see(one) for one in (first, second)]
    assert apart(seen(TowardsPicture(second, 1.0)), eyes[1]) < CLOSE
    half = seen(TowardsPicture(second, 0.5))
    assert apart(half, eyes[0]) > 0.01
    assert apart(seen(TowardsWords("blue", 0.4)), eyes[0]) > 0.01


def test_at_the_last_level_the_picture_is_taken_as_it_is(model: Any) -> None:
    small = model.encode(picture(1))
    assert apart(model.denoiser(asked(seeds=(1,)))(small, CLEAN), small) < CLOSE


def test_previews_are_the_small_picture_itself(model: Any) -> None:
    preview = model.preview(torch.ones(1, 3, 16, 16))
    assert preview.shape == (1, 32, 32, 3)
    assert bool((preview == 255).all())


def test_pictures_are_scored_where_they_are_seen(model: Any, shelf: Path) -> None:
    assert len(model.score(torch.cat([picture(1), picture(2)]), PROMPT)) == 2
    assert loaded(shelf / "blind" / "dreams").score(picture(1), PROMPT) is None


def test_an_unloaded_model_says_so(shelf: Path) -> None:
    model = loaded(shelf / "blind" / "dreams")
    model.unload()
    with pytest.raises(ModelError, match="load it again"):
        model.denoiser(asked())
