"""StableUnCLIP number by number against diffusers' own pipelines, and what they cannot do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_unclip import StableUnCLIPPipeline
from diffusers.pipelines.stable_diffusion.pipeline_stable_unclip_img2img import (
    StableUnCLIPImg2ImgPipeline,
)

from engine.denoisers import blended
from engine.errors import ModelError
from engine.families import TowardsPicture, TowardsWords
from engine.prompts import Prompt
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


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of models that see and of one that dreams, and a Karlo for the first."""
    folder = tmp_path_factory.mktemp("stable")
    tiny.write_stable_unclip(folder / "alone" / "sees")
    tiny.write_stable_unclip(folder / "alone" / "dreams", sees=False)
    tiny.write_stable_unclip(folder / "together" / "sees")
    tiny.write_karlo(folder / "together" / "karlo")
    return folder


@pytest.fixture(scope="module")
def seeing(shelf: Path) -> Any:
    return loaded(shelf / "together" / "sees")


@pytest.fixture(scope="module")
def dreaming(shelf: Path) -> Any:
    return loaded(shelf / "alone" / "dreams")


def sources() -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in (5, 6)]


@pytest.mark.parametrize(("guidance", "refused"), [(7.0, REFUSED), (1.0, "")])
def test_text_to_image_agrees_with_diffusers(
    dreaming: Any, shelf: Path, guidance: float, refused: str
) -> None:
    pipeline = tiny.pipeline(StableUnCLIPPipeline, shelf / "alone" / "dreams")
    x = noise_of(1, 2, 4, 16, 16)
    theirs = pipeline(
        PROMPT,
        negative_prompt=refused,
        num_images_per_prompt=2,
        height=32,
        width=32,
        num_inference_steps=5,
        guidance_scale=guidance,
        latents=x.clone(),
        generator=sources(),
        output_type="latent",
    ).images
    levels = levels_at(dreaming, pipeline.scheduler.timesteps)
    conditions = asked(guidance=guidance, negative_prompt=refused)
    assert apart(walked(dreaming.denoiser(conditions), x, levels), theirs) < CLOSE


def test_image_to_image_agrees_with_diffusers(seeing: Any, shelf: Path) -> None:
    pipeline = tiny.pipeline(StableUnCLIPImg2ImgPipeline, shelf / "together" / "sees")
    like, x = picture(2), noise_of(1, 2, 4, 16, 16)
    with torch.inference_mode():
        seen = seeing.parts.eye.see(like).expand(2, -1)
    theirs = pipeline(
        image_embeds=seen.clone(),
        prompt=[PROMPT] * 2,
        negative_prompt=[REFUSED] * 2,
        height=32,
        width=32,
        num_inference_steps=5,
        guidance_scale=4.0,
        latents=x.clone(),
        generator=sources(),
        output_type="latent",
    ).images
    levels = levels_at(seeing, pipeline.scheduler.timesteps)
    denoise = seeing.denoiser(asked(like=like, negative_prompt=REFUSED))
    assert apart(walked(denoise, x, levels), theirs) < CLOSE


def test_pictures_are_seen_as_diffusers_sees_them(seeing: Any, shelf: Path) -> None:
    from PIL import Image

    pipeline = tiny.pipeline(StableUnCLIPImg2ImgPipeline, shelf / "together" / "sees")
    like = picture(2)  # of the encoder's own size, so that nobody's resampling counts
    pixels = ((like[0].movedim(0, -1) + 1) * 127.5).round().to(torch.uint8).numpy()
    theirs = pipeline.feature_extractor(Image.fromarray(pixels), return_tensors="pt").pixel_values
    exact = torch.from_numpy(pixels).movedim(-1, 0)[None] / 127.5 - 1
    assert apart(seeing.parts.eye.prepared(exact), theirs) < 1e-3
    wide = torch.nn.functional.pad(exact, (16, 16), value=0.9)
    assert apart(seeing.parts.eye.prepared(wide), theirs) < 1e-3  # the middle counts


def test_noise_on_the_embedding_is_told_to_the_network_as_diffusers_does(
    seeing: Any, shelf: Path
) -> None:
    pipeline = tiny.pipeline(StableUnCLIPImg2ImgPipeline, shelf / "together" / "sees")
    embedding, noise = noise_of(3, 2, tiny.WIDTH), noise_of(4, 2, tiny.WIDTH)
    for step in (0, 250, 900):
        theirs = pipeline.noise_image_embeddings(embedding, step, noise).detach()
        assert apart(seeing.noised(embedding, noise, step), theirs) < CLOSE


def test_decoding_agrees_with_diffusers(seeing: Any, shelf: Path) -> None:
    pipeline = tiny.pipeline(StableUnCLIPImg2ImgPipeline, shelf / "together" / "sees")
    latents = noise_of(1, 1, 4, 16, 16)
    theirs = pipeline.vae.decode(latents / pipeline.vae.config.scaling_factor).sample
    ours = seeing.decode(latents, WORKING, lambda: None)
    assert apart(ours, theirs.clamp(-1, 1)) < CLOSE


def test_karlos_prior_beside_it_dreams_for_the_edition_that_only_sees(
    seeing: Any, shelf: Path
) -> None:
    assert seeing.card.beside == (shelf / "together" / "karlo",)
    with torch.inference_mode():
        told = seeing._seen(asked())
    assert told.shape == (2, 2 * tiny.WIDTH)
    assert apart(told[:1], told[1:]) > 0.0
    alone = loaded(shelf / "alone" / "sees")
    assert "words alone" in alone.card.notes
    with torch.inference_mode():
        assert not alone._seen(asked()).any()


def test_holes_are_filled_from_words_and_surroundings_alone(seeing: Any) -> None:
    hole = torch.zeros(1, 1, 32, 32)
    hole[..., 8:20, 8:20] = 1.0
    kept = asked(known=picture(1), hole=hole)
    with torch.inference_mode():
        assert not seeing._seen(kept).any()
        assert seeing._seen(asked(known=picture(1), hole=torch.ones(1, 1, 32, 32))).any()
        assert seeing._seen(asked(prompt="", known=picture(1), hole=hole)).any()


def test_a_hole_is_painted_and_the_rest_held(seeing: Any) -> None:
    known, hole = picture(1), torch.zeros(1, 1, 32, 32)
    hole[..., 8:20, 8:20] = 1.0
    kept, x = seeing.encode(known), noise_of(1, 1, 4, 16, 16)
    levels = [*(seeing.path.level(time) for time in (1.0, 0.6, 0.3)), CLEAN]
    cells = torch.nn.functional.max_pool2d(hole, 2)
    conditions = asked(seeds=(1,), known=known, hole=hole)
    denoise = blended(seeing.denoiser(conditions), kept, cells, seeing.path, levels[0])
    x0 = walked(denoise, levels[0].sigma * x + levels[0].alpha * kept, levels)
    assert apart(x0 * (1 - cells), kept * (1 - cells)) < 1e-6
    assert ((x0 - kept) * cells).abs().max() > 0.1


def test_two_pictures_mix_and_words_turn_where_the_prior_reads(seeing: Any, shelf: Path) -> None:
    first, second = picture(1), picture(2)

    def seen(model: Any, *guides: Any) -> torch.Tensor:
        with torch.inference_mode():
            return model._embedding(asked(like=first, guides=guides), sources())[:1]

    with torch.inference_mode():
        eyes = [seeing.parts.eye.see(one) for one in (first, second)]
    assert apart(seen(seeing, TowardsPicture(second, 0.0)), eyes[0]) < CLOSE
    assert apart(seen(seeing, TowardsPicture(second, 1.0)), eyes[1]) < CLOSE
    assert apart(seen(seeing, TowardsWords("blue", 0.5)), eyes[0]) > 0.01
    alone = loaded(shelf / "alone" / "sees")
    assert {str(kind) for kind in alone.card.guides} == {"second_image"}
    with pytest.raises(ModelError, match="no text encoder in the space of pictures"):
        seen(alone, TowardsWords("blue", 0.5))


def test_long_prompts_are_read_whole_and_weighed(seeing: Any) -> None:
    long = "cat " * 90
    with torch.inference_mode():
        assert seeing._words(asked(prompt=long)).shape[1] == 2 * 77
        plain = seeing._words(asked(prompt="red cat"))
        words = Prompt.read("red (cat:1.5)").at(1, 1)
        heavy = seeing._words(asked(prompt=words.text, words=words))
    assert apart(plain, heavy) > 0.001
    assert apart(plain[0], heavy[0]) == 0.0  # what is refused stays as it is


def test_previews_take_the_colours_of_the_picture(seeing: Any) -> None:
    preview = seeing.preview(seeing.encode(picture(1)))
    assert preview.dtype == torch.uint8
    assert seeing.score(picture(1), PROMPT) is None


def test_an_unloaded_model_says_so(shelf: Path) -> None:
    model = loaded(shelf / "alone" / "sees")
    model.unload()
    with pytest.raises(ModelError, match="load it again"):
        model.encode(picture(1))
