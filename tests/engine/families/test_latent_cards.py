"""What is told of a latent checkpoint before its weights are read: sizes and fitting defaults."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.checkpoints.kinds import Identity
from engine.families import ModelCard
from engine.families.latent import LatentFamily
from engine.families.latent.cards import LCM_EMBEDDED, card_of
from tests.engine.tiny_checkpoints.latent import write_folder

ORDINARY = Identity(
    kind="checkpoint",
    family="latent",
    architecture="sdxl",
    prediction="epsilon",
    layout="original",
)


def card(title: str = "model", **told: Any) -> ModelCard:
    return card_of(Path(f"{title}.safetensors"), replace(ORDINARY, **told))


@pytest.mark.parametrize(
    ("architecture", "prediction", "side", "multiple"),
    [
        ("sd1", "epsilon", 512, 64),
        ("sd2", "epsilon", 512, 64),
        ("sd2", "v", 768, 64),
        ("sdxl", "epsilon", 1024, 32),
        ("sdxl-refiner", "epsilon", 1024, 64),
    ],
)
def test_a_single_file_paints_at_the_size_of_its_architecture(
    architecture: str, prediction: str, side: int, multiple: int
) -> None:
    made = card(architecture=architecture, prediction=prediction)
    assert made.native == (side, side)
    assert made.multiple == multiple
    assert made.guidance > 3
    assert made.steps >= 20


@pytest.mark.parametrize(
    ("kind", "sampler"),
    [
        ("lcm", "lcm"),
        ("turbo", "euler_ancestral"),
        ("lightning", "euler"),
        ("hyper", "ddim"),
        ("dmd", "lcm"),
        ("pcm", "ddim"),
    ],
)
def test_what_was_distilled_takes_few_steps_and_little_guidance(kind: str, sampler: str) -> None:
    made = card(distilled=kind)
    assert made.steps <= 8
    assert made.guidance <= 1.5
    assert made.sampler == sampler
    assert made.schedule == "model"


@pytest.mark.parametrize(
    ("title", "steps"),
    [
        ("sdxl_lightning_8step", 8),
        ("Hyper-SDXL-1step-Unet", 1),
        ("SDXL-Lightning-2-steps", 2),
        ("realvis_40_lightning", 4),
        ("lightning_0step", 4),
    ],
)
def test_the_title_of_a_distilled_model_says_how_many_steps(title: str, steps: int) -> None:
    assert card(title, distilled="lightning").steps == steps


def test_a_turbo_of_the_first_kind_paints_small_and_its_offspring_large() -> None:
    assert card("sd_xl_turbo_1.0_fp16", distilled="turbo").native == (512, 512)
    assert card("dreamTurbo", distilled="turbo").native == (1024, 1024)


def test_an_sd2_file_that_tells_nothing_paints_at_what_its_name_says() -> None:
    assert card("v2-1_512-ema-pruned", architecture="sd2", prediction=None).native == (512, 512)
    assert card("v2-1_ema-pruned", architecture="sd2", prediction=None).native == (768, 768)


def test_velocity_from_pure_noise_is_sampled_from_the_very_start() -> None:
    made = card(prediction="v", zero_terminal_snr=True)
    assert (made.sampler, made.schedule) == ("euler", "model")
    assert card(prediction="v", zero_terminal_snr=False).schedule == "karras"


def test_a_folder_says_itself_how_large_it_paints(tmp_path: Path) -> None:
    path = write_folder(tmp_path / "tiny", "sdxl", unet={"time_cond_proj_dim": 8})
    made = LatentFamily().recognise(path)
    assert made is not None
    assert made.native == (32, 32)
    assert made.multiple == 4
    assert made.sampler == "lcm"
    assert made.guidance == LCM_EMBEDDED


def test_variations_are_weaker_than_paintings_and_loras_are_taken() -> None:
    made = card()
    assert 0.5 < made.vary_strength < 1.0
    assert made.takes_loras
    assert not made.vocabulary_closed
