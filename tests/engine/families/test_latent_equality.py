"""The latent family against diffusers' own pipelines: same weights, noise and words, same picture.

Both load the same folder on their own. Ours goes through `Painting`, which blends, guides and
samples as in a job; only 9-channel networks are compared without blending, which diffusers leaves
out there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.api import Pixels, Size
from engine.families import Conditions
from engine.families.latent import LatentFamily
from engine.families.latent.model import RESCALE, LatentModel
from engine.noise import CandidateNoise, _spread
from engine.painting import Painting, Stage
from engine.pictures import as_mask, as_tensor
from engine.prompts import Asked, Prompt
from engine.samplers.ddim import ddim
from engine.schedules import levels_from
from engine.schedules.uniform import model as uniform
from tests.engine.tiny_checkpoints.latent import write_folder

WORKING = Size(48, 32)
SEED = 7
STEPS = 4
GUIDANCE = 4.0
TOLERANCE = 1e-4
V = {"prediction_type": "v_prediction"}
ZERO = {**V, "rescale_betas_zero_snr": True}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "sd1": ("sd1", {}),
    "sd2 eps": ("sd2", {}),
    "sd2 v": ("sd2", {"scheduler": V}),
    "sd2 v zero": ("sd2", {"scheduler": ZERO}),
    "sdxl": ("sdxl", {}),
    "sdxl v zero": ("sdxl", {"scheduler": ZERO}),
    "sdxl refiner": ("sdxl-refiner", {}),
}
Checkpoint = Callable[..., Path]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """Write a kind of checkpoint once."""
    written: dict[tuple[str, int], Path] = {}

    def folder(kind: str, channels: int = 4) -> Path:
        if (kind, channels) not in written:
            architecture, choices = KINDS[kind]
            path = tmp_path_factory.mktemp("models") / kind.replace(" ", "-")
            written[kind, channels] = write_folder(path, architecture, channels=channels, **choices)
        return written[kind, channels]

    return folder


@pytest.fixture(autouse=True)
def _without_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have diffusers take an encoding's mode, as we do, which also leaves its generator alone."""
    from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution

    monkeypatch.setattr(
        DiagonalGaussianDistribution,
        "sample",
        lambda self, generator=None: self.mode(),  # noqa: ARG005
    )


@pytest.fixture(scope="module")
def photo() -> Pixels:
    drawn = np.random.default_rng(3).integers(0, 256, (8, 12, 3), np.uint8)
    return np.ascontiguousarray(drawn.repeat(4, axis=0).repeat(4, axis=1))


@pytest.fixture(scope="module")
def hole() -> NDArray[np.float32]:
    """A hard hole on whole latents."""
    mask = np.zeros((WORKING.height, WORKING.width), np.float32)
    mask[8:24, 10:30] = 1.0
    return mask


def loaded(folder: Path) -> LatentModel:
    family = LatentFamily()
    card = family.recognise(folder)
    assert card is not None
    return family.load(card, "cpu", "fp32")


def pipeline(name: str, folder: Path) -> Any:
    import diffusers

    parts = {"safety_checker": None} if "XL" not in name else {}
    pipe = getattr(diffusers, name).from_pretrained(folder, local_files_only=True, **parts)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def prompts(prompt: str, negative: str) -> Asked:
    return Asked(Prompt.read(prompt), Prompt.read(negative))


def painted(
    model: LatentModel,
    asked: Asked,
    strength: float = 1.0,
    steps: int = STEPS,
    guidance: float = GUIDANCE,
    **stage: Any,
) -> Tensor:
    """Return the x0 of a painting (1, C, h, w)."""
    painting = Painting(
        model,
        ddim,
        uniform,
        conditions=Conditions(guidance=guidance, working=WORKING, seeds=()),
        seeds={0: SEED},
        device="cpu",
        asked={0: asked},
    )
    staged = Stage(working=WORKING, strength=strength, steps=steps, **stage)
    *_, last = painting.run([((0,), staged)])
    return last.x0


def start(model: LatentModel) -> Tensor:
    """Return the noise ours starts from, scaled as it is there."""
    noise = CandidateNoise((SEED,), model.latent_shape(WORKING), "cpu")()
    return model.path.level(1.0).sigma * noise


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(_spread(SEED, 0))


def unlike(ours: Tensor, theirs: Tensor) -> float:
    """Return the largest difference of latents, both checked to be more than nothing."""
    assert ours.shape == theirs.shape
    assert float(ours.std()) > 0.05
    return float((ours - theirs).abs().max())


WORDS = {"prompt": "red cat, blue", "negative_prompt": "grey sky"}
COMMON = {
    **WORDS,
    "num_inference_steps": STEPS,
    "guidance_scale": GUIDANCE,
    "output_type": "latent",
}
SIZE = {"height": WORKING.height, "width": WORKING.width}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "sdxl refiner"])
def test_what_is_generated_is_what_diffusers_generates(checkpoint: Checkpoint, kind: str) -> None:
    folder = checkpoint(kind)
    model = loaded(folder)
    large = kind.startswith("sdxl")
    pipe = pipeline("StableDiffusionXLPipeline" if large else "StableDiffusionPipeline", folder)
    rescale = RESCALE if kind.endswith("zero") else 0.0
    theirs = pipe(latents=start(model), guidance_rescale=rescale, **SIZE, **COMMON).images
    ours = painted(model, prompts(*WORDS.values()))
    assert unlike(ours, theirs) < TOLERANCE


@pytest.mark.parametrize("kind", ["sd1", "sdxl"])
def test_without_a_negative_prompt_and_without_guidance_too(
    checkpoint: Checkpoint, kind: str
) -> None:
    folder = checkpoint(kind)
    model = loaded(folder)
    large = kind == "sdxl"
    pipe = pipeline("StableDiffusionXLPipeline" if large else "StableDiffusionPipeline", folder)
    for guidance in (GUIDANCE, 1.0):
        told = {**COMMON, "negative_prompt": None, "guidance_scale": guidance}
        theirs = pipe(latents=start(model), **SIZE, **told).images
        ours = painted(model, prompts(WORDS["prompt"], ""), guidance=guidance)
        assert unlike(ours, theirs) < TOLERANCE


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "sd2 v zero"])
def test_what_is_refined_is_what_diffusers_refines(
    checkpoint: Checkpoint, photo: Pixels, kind: str
) -> None:
    folder = checkpoint(kind)
    model = loaded(folder)
    large = kind.startswith("sdxl")
    name = "StableDiffusionXLImg2ImgPipeline" if large else "StableDiffusionImg2ImgPipeline"
    pipe = pipeline(name, folder)
    image = (as_tensor(photo, "cpu") + 1) / 2
    rescaled = {"guidance_rescale": RESCALE} if kind == "sdxl v zero" else {}
    theirs = pipe(image=image, strength=0.5, generator=generator(), **COMMON, **rescaled).images
    ours = painted(model, prompts(*WORDS.values()), 0.5, STEPS // 2, known=photo)
    assert unlike(ours, theirs) < TOLERANCE


@pytest.mark.parametrize("kind", ["sd1", "sd2 eps", "sd2 v", "sdxl", "sdxl refiner"])
def test_a_hard_hole_is_filled_as_diffusers_fills_it(
    checkpoint: Checkpoint, photo: Pixels, hole: NDArray[np.float32], kind: str
) -> None:
    folder = checkpoint(kind)
    model = loaded(folder)
    large = kind.startswith("sdxl")
    name = "StableDiffusionXLInpaintPipeline" if large else "StableDiffusionInpaintPipeline"
    pipe = pipeline(name, folder)
    theirs = pipe(
        image=(as_tensor(photo, "cpu") + 1) / 2,
        mask_image=as_mask(hole, "cpu"),
        strength=0.75,
        generator=generator(),
        **SIZE,
        **COMMON,
    ).images
    ours = painted(model, prompts(*WORDS.values()), 0.75, STEPS * 3 // 4, known=photo, hole=hole)
    assert unlike(ours, theirs) < TOLERANCE


@pytest.mark.parametrize("kind", ["sd1", "sd2 eps", "sd2 v", "sdxl"])
def test_a_network_of_nine_channels_sees_what_it_sees_in_diffusers(
    checkpoint: Checkpoint, photo: Pixels, hole: NDArray[np.float32], kind: str
) -> None:
    folder = checkpoint(kind, channels=9)
    model = loaded(folder)
    large = kind.startswith("sdxl")
    name = "StableDiffusionXLInpaintPipeline" if large else "StableDiffusionInpaintPipeline"
    pipe = pipeline(name, folder)
    theirs = pipe(
        image=(as_tensor(photo, "cpu") + 1) / 2,
        mask_image=as_mask(hole, "cpu"),
        strength=1.0,
        latents=start(model),
        **SIZE,
        **COMMON,
    ).images
    conditions = Conditions(
        prompt=WORDS["prompt"],
        negative_prompt=WORDS["negative_prompt"],
        guidance=GUIDANCE,
        working=WORKING,
        seeds=(SEED,),
        known=as_tensor(photo, "cpu"),
        hole=as_mask(hole, "cpu"),
    )
    noise = CandidateNoise((SEED,), model.latent_shape(WORKING), "cpu")
    levels = levels_from(uniform, model.path, STEPS)
    *_, ours = ddim(model.denoiser(conditions), start(model), levels, noise)
    assert unlike(ours, theirs) < TOLERANCE


@pytest.mark.parametrize("kind", ["sd1", "sdxl"])
def test_a_picture_decodes_as_in_diffusers(checkpoint: Checkpoint, kind: str) -> None:
    folder = checkpoint(kind)
    model = loaded(folder)
    large = kind == "sdxl"
    pipe = pipeline("StableDiffusionXLPipeline" if large else "StableDiffusionPipeline", folder)
    told = {**COMMON, "output_type": "pt"}
    theirs = pipe(latents=start(model), **SIZE, **told).images
    x0 = painted(model, prompts(*WORDS.values()))
    ours = (model.decode(x0, WORKING, lambda: None) + 1) / 2
    assert unlike(ours, theirs) < TOLERANCE


def test_a_consistency_model_is_told_its_guidance_as_in_diffusers(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "lcm", "sd1", unet={"time_cond_proj_dim": 16})
    model = loaded(folder)
    pipe = pipeline("StableDiffusionPipeline", folder)
    theirs = pipe(latents=start(model), **SIZE, **COMMON).images
    ours = painted(model, prompts(*WORDS.values()))
    assert model.traits.guidance_width == 16
    assert unlike(ours, theirs) < TOLERANCE
