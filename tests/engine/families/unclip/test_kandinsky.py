"""Kandinsky 2.2 number by number against diffusers' own pipelines, and what they cannot do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2 import KandinskyV22Pipeline
from diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2_img2img import (
    KandinskyV22Img2ImgPipeline,
)
from diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2_inpainting import (
    KandinskyV22InpaintPipeline,
)
from diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2_prior import KandinskyV22PriorPipeline

from engine.denoisers import blended
from engine.families import TowardsPicture, TowardsWords
from engine.families.unclip.likeness import between, turned
from engine.schedules import CLEAN
from tests.engine.families.unclip.looping import (
    PROMPT,
    REFUSED,
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
ZERO_SNR = {
    **tiny.KANDINSKY_SCHEDULER,
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,
}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with decoder, inpainting decoder and prior side by side."""
    folder = tmp_path_factory.mktemp("kandinsky")
    tiny.write_kandinsky(folder / "decoder")
    tiny.write_kandinsky(folder / "inpaint", inpaint=True, seed=4, scheduler=ZERO_SNR)
    tiny.write_kandinsky_prior(folder / "prior")
    return folder


@pytest.fixture(scope="module")
def model(shelf: Path) -> Any:
    return loaded(shelf / "decoder")


@pytest.fixture(scope="module")
def inpainter(shelf: Path) -> Any:
    return loaded(shelf / "inpaint")


@pytest.fixture(scope="module")
def dreamer(shelf: Path) -> Any:
    return tiny.pipeline(KandinskyV22PriorPipeline, shelf / "prior")


def dreamt(dreamer: Any, negative: str | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what diffusers' prior dreams up for seeds 5 and 6."""
    seeds = (5, 6) if negative is None else (5, 6, 5, 6)
    draws = [torch.Generator().manual_seed(seed) for seed in seeds]
    return dreamer(
        PROMPT,
        negative_prompt=negative,
        num_images_per_prompt=2,
        generator=draws,
        return_dict=False,
    )


@pytest.mark.parametrize("negative", [None, REFUSED])
def test_the_prior_dreams_up_what_diffusers_does(
    model: Any, dreamer: Any, negative: str | None
) -> None:
    wanted, unwanted = dreamt(dreamer, negative)
    with torch.inference_mode():
        ours = model._embeddings(asked(negative_prompt=negative or ""))
    assert apart(ours, torch.cat([unwanted, wanted])) < CLOSE


@pytest.mark.parametrize("guidance", [4.0, 1.0])
def test_generating_agrees_with_diffusers(
    model: Any, dreamer: Any, shelf: Path, guidance: float
) -> None:
    pipeline = tiny.pipeline(KandinskyV22Pipeline, shelf / "decoder")
    wanted, unwanted = dreamt(dreamer)
    x = noise_of(1, 2, 4, 16, 16)
    theirs = pipeline(
        wanted,
        unwanted,
        height=32,
        width=32,
        num_inference_steps=5,
        guidance_scale=guidance,
        latents=x.clone(),
        output_type="pt",
    ).images
    levels = levels_at(model, pipeline.scheduler.timesteps)
    x0 = walked(model.denoiser(asked(guidance=guidance)), x, levels)
    ours = model.decode(x0, WORKING, lambda: None)
    assert apart(ours, theirs.clamp(-1, 1)) < CLOSE


def test_refining_agrees_with_diffusers(model: Any, dreamer: Any, shelf: Path) -> None:
    pipeline = tiny.pipeline(KandinskyV22Img2ImgPipeline, shelf / "decoder")
    wanted, unwanted = dreamt(dreamer)
    known = picture(3)
    theirs = pipeline(
        wanted[:1],
        known / 2 + 0.5,
        unwanted[:1],
        height=32,
        width=32,
        strength=0.5,
        num_inference_steps=8,
        generator=torch.Generator().manual_seed(2),
        output_type="latent",
    ).images
    levels = levels_at(model, pipeline.scheduler.timesteps[4:])
    noise = noise_of(2, 1, 4, 16, 16)
    x = levels[0].alpha * model.encode(known) + levels[0].sigma * noise
    assert apart(walked(model.denoiser(asked(seeds=(5,))), x, levels), theirs) < CLOSE


def test_inpainting_agrees_with_diffusers_where_both_masks_are_hard(
    inpainter: Any, dreamer: Any, shelf: Path
) -> None:
    pipeline = tiny.pipeline(KandinskyV22InpaintPipeline, shelf / "inpaint")
    wanted, unwanted = dreamt(dreamer)
    known, hole = picture(4), torch.zeros(1, 1, 32, 32)
    hole[..., 8:20, 12:26] = 1.0
    x = noise_of(3, 1, 4, 16, 16)
    theirs = pipeline(
        wanted[:1],
        known,
        hole.clone(),
        unwanted[:1],
        height=32,
        width=32,
        num_inference_steps=5,
        latents=x.clone(),
        output_type="latent",
    ).images
    conditions = asked(seeds=(5,), known=known, hole=hole)
    levels = levels_at(inpainter, pipeline.scheduler.timesteps)
    kept = inpainter._shown_of(conditions)[:, -1:]  # what diffusers holds, too
    denoise = blended(
        inpainter.denoiser(conditions), inpainter.encode(known), 1 - kept, inpainter.path, levels[0]
    )
    ours = walked(denoise, x, levels)
    assert levels[0].alpha == 0.0
    assert apart(ours, theirs) < CLOSE
    inside = 1 - kept[0, 0]
    assert 0 < inside.sum() < inside.numel()
    assert (inside * (ours - inpainter.encode(known))[0].abs().amax(0)).max() > 0.1


def test_a_mask_of_everything_paints_as_without_one(inpainter: Any) -> None:
    x, level = noise_of(3, 1, 4, 16, 16), inpainter.path.level(0.7)
    whole = asked(seeds=(5,), known=picture(4), hole=torch.ones(1, 1, 32, 32))
    held = inpainter.denoiser(whole)(x, level)
    assert apart(held, inpainter.denoiser(asked(seeds=(5,)))(x, level)) < CLOSE


def test_what_is_kept_is_shown_to_the_inpainting_decoder(inpainter: Any) -> None:
    hole = torch.zeros(1, 1, 32, 32)
    hole[..., 10:12, 10:12] = 1.0
    shown = inpainter._shown_of(asked(known=picture(4), hole=hole))
    assert shown.shape == (1, 5, 16, 16)
    unknown = (shown[0, -1] == 0).nonzero().tolist()
    assert [5, 5] in unknown
    assert len(unknown) == 7  # the cell and its neighbours, but for two corners
    assert apart(shown[:, :4], inpainter.encode(picture(4)) * shown[:, 4:]) < CLOSE


def test_clipped_pictures_agree_with_diffusers_ancestral_steps(
    shelf: Path, tmp_path: Path, dreamer: Any
) -> None:
    from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

    told = {**tiny.KANDINSKY_SCHEDULER, "thresholding": True, "sample_max_value": 2.0}
    path = tiny.write_kandinsky(tmp_path / "decoder", scheduler=told)
    (tmp_path / "decoder" / "prior").symlink_to(shelf / "prior", target_is_directory=True)
    pipeline = tiny.pipeline(KandinskyV22Pipeline, path)
    pipeline.scheduler = DDPMScheduler.from_config(pipeline.scheduler.config)
    wanted, unwanted = dreamt(dreamer)
    x = noise_of(1, 1, 4, 16, 16)
    draw, again = (torch.Generator().manual_seed(8) for _ in range(2))
    theirs = pipeline(
        wanted[:1],
        unwanted[:1],
        height=32,
        width=32,
        num_inference_steps=5,
        latents=x.clone(),
        generator=draw,
        output_type="latent",
    ).images
    clipped = loaded(path)
    levels = levels_at(clipped, pipeline.scheduler.timesteps)
    denoise = clipped.denoiser(asked(seeds=(5,)))
    ours = walked(denoise, x, levels, lambda: torch.randn(x.shape, generator=again))
    assert apart(ours, theirs) < CLOSE
    assert ours.abs().max() <= 1.0


def test_mixing_two_pictures_lies_between_their_embeddings(model: Any) -> None:
    first, second = picture(1), picture(2)
    with torch.inference_mode():
        seen = [model.parts.eye.see(one) for one in (first, second)]
        at = [
            model._wanted(asked(prompt="", like=first, guides=(TowardsPicture(second, share),)))
            for share in (0.0, 0.5, 1.0)
        ]
    assert apart(at[0], seen[0].expand(2, -1)) < CLOSE
    assert apart(at[2], seen[1].expand(2, -1)) < CLOSE
    assert apart(at[1], between(*seen, 0.5).expand(2, -1)) < CLOSE


def test_the_difference_of_two_texts_turns_the_embedding(model: Any) -> None:
    like = picture(1)
    with torch.inference_mode():
        seen = model.parts.eye.see(like)
        led = model._wanted(asked(like=like, guides=(TowardsWords("blue", 0.4),), seeds=(1,)))
        said = [model.parts.reader.read(text).embedding for text in (PROMPT, "blue")]
        unit = [one / one.norm() for one in said]
    assert apart(led, turned(seen, unit[0] - unit[1], 0.4)) < CLOSE
    assert apart(led, seen) > 0.01
    cosine = torch.nn.functional.cosine_similarity
    assert cosine(led, said[0] - said[1]) > cosine(seen, said[0] - said[1])


def test_words_pull_a_variation_without_leaving_its_picture(model: Any) -> None:
    like = picture(1)
    with torch.inference_mode():
        plain = model._wanted(asked(prompt="", like=like))
        worded = model._wanted(asked(like=like))
    assert apart(plain[:1], plain[1:]) == 0.0
    assert apart(worded, plain) > 0.01
    assert apart(worded[:1], worded[1:]) > 1e-5  # a dream a seed


@pytest.mark.parametrize("given", ["start", "known"])
def test_without_words_the_picture_itself_says_what_to_paint(model: Any, given: str) -> None:
    hole = torch.ones(1, 1, 32, 32) if given == "known" else None
    told = asked(prompt=" ", hole=hole, **{given: picture(1)})
    with torch.inference_mode():
        seen = model.parts.eye.see(picture(1))
        assert apart(model._wanted(told), seen.expand(2, -1)) < CLOSE


def test_a_seed_dreams_the_same_alone_and_in_company(model: Any) -> None:
    with torch.inference_mode():
        both, alone = model._wanted(asked(seeds=(5, 6))), model._wanted(asked(seeds=(6,)))
    assert apart(both[1:], alone) < CLOSE


def test_pictures_are_encoded_decoded_and_previewed(model: Any) -> None:
    latents = model.encode(picture(1))
    assert tuple(latents.shape[1:]) == model.latent_shape(WORKING)
    assert model.decode(latents, WORKING, lambda: None).shape == (1, 3, 32, 32)
    preview = model.preview(latents)
    assert preview.dtype == torch.uint8
    assert preview.shape[-1] == 3
    assert apart(model.denoiser(asked(seeds=(1,)))(latents, CLEAN), latents) < CLOSE


def test_pictures_are_scored_by_the_priors_own_clip(model: Any) -> None:
    scores = model.score(torch.cat([picture(1), picture(2)]), PROMPT)
    assert len(scores) == 2
    assert all(-1.0 <= score <= 1.0 for score in scores)
    assert model.score(picture(1), " ") is None
