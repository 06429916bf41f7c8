"""LoRAs and new words in whole paintings: named in a prompt, found in the folders, told about."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from transformers import CLIPTextModel

from engine import Engine, Finished, Mode, Painted, PaintRequest, Plan, RequestError, Size, Started
from tests.engine.tiny_checkpoints import latent, loras

PROMPT = "a red cat"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = tmp_path_factory.mktemp("models")
    model = folder / "tiny-sd"
    latent.write_folder(model, "sd1")
    found = loras.Parts(
        UNet2DConditionModel.from_pretrained(model / "unet"),
        CLIPTextModel.from_pretrained(model / "text_encoder"),
    )
    for name in ("loras", "embeddings"):
        (folder / name).mkdir()
    made = loras.lora(found)
    loras.save(folder / "loras" / "ink.safetensors", loras.kohya(made))
    partly = loras.kohya(made) | {"lora_unet_nowhere.alpha": torch.tensor(1.0)}
    loras.save(folder / "loras" / "partly.safetensors", partly)
    large = loras.kohya_original(loras.lora(loras.parts("sdxl")))
    loras.save(folder / "loras" / "large.safetensors", large)
    words = torch.randn(3, latent.WIDTHS["sd1"], generator=torch.Generator().manual_seed(4))
    loras.save(folder / "embeddings" / "mark.safetensors", {"emb_params": words})
    wide = {"clip_l": words, "clip_g": torch.ones(3, 64)}
    loras.save(folder / "embeddings" / "wide.safetensors", wide)
    return Engine(models=[folder])


def events(engine: Engine, prompt: str = PROMPT, **wishes: Any) -> list[Any]:
    request = PaintRequest(
        mode=Mode.GENERATE,
        prompt=prompt,
        model="tiny-sd",
        size=Size(32, 32),
        steps=4,
        seed=3,
        candidates=1,
        plan=Plan(((0,),), "fp32", threads=1, device="cpu"),
        **wishes,
    )
    return list(engine.paint(request))


def picture(found: list[Any]) -> np.ndarray:
    (painted,) = (event for event in found if isinstance(event, Painted))
    return painted.merged.astype(int)


def notes(found: list[Any]) -> list[str]:
    return [n for event in found if isinstance(event, (Started, Finished)) for n in event.notes]


def differ(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.abs(one - other).max() > 0)


@pytest.fixture(scope="module")
def plain(engine: Engine) -> np.ndarray:
    return picture(events(engine))


def test_the_catalogue_names_them(engine: Engine) -> None:
    assert set(engine.catalogue.additions.loras) == {"ink", "partly", "large"}
    assert set(engine.catalogue.additions.embeddings) == {"mark", "wide"}


def test_a_lora_paints_along_and_is_gone_with_its_name(engine: Engine, plain: np.ndarray) -> None:
    with_ink = picture(events(engine, f"{PROMPT} <lora:ink:0.8>"))
    assert differ(with_ink, plain)
    assert not differ(picture(events(engine)), plain)
    assert not differ(picture(events(engine, f"{PROMPT} <lora:ink:0.8>")), with_ink)


def test_words_and_strokes_have_weights_of_their_own(engine: Engine, plain: np.ndarray) -> None:
    both = picture(events(engine, f"{PROMPT} <lora:ink:1.5>"))
    strokes = picture(events(engine, f"{PROMPT} <lora:ink:1.5:0>"))
    words = picture(events(engine, f"{PROMPT} <lora:ink:0:1.5>"))
    pictures = [plain, both, strokes, words]
    assert all(differ(a, b) for i, a in enumerate(pictures) for b in pictures[:i])


def test_a_lora_may_come_in_half_way(engine: Engine, plain: np.ndarray) -> None:
    whole = picture(events(engine, f"{PROMPT} <lora:ink:4>"))
    half = picture(events(engine, f"{PROMPT} [<lora:ink:4>:0.5]"))
    assert differ(half, whole)
    assert differ(half, plain)
    assert not differ(picture(events(engine, f"{PROMPT} [<lora:ink:4>:4]")), plain)


def test_new_words_count_in_both_prompts(engine: Engine, plain: np.ndarray) -> None:
    asked = picture(events(engine, f"{PROMPT} mark"))
    avoided = picture(events(engine, negative_prompt="(mark:1.3)"))
    less = picture(events(engine, negative_prompt="(mark:0.3)"))
    far = picture(events(engine, f"{PROMPT} mark {'a cat ' * 60}"))
    pictures = [plain, asked, avoided, less, far]
    assert all(differ(a, b) for i, a in enumerate(pictures) for b in pictures[:i])


def test_what_was_left_out_is_told(engine: Engine) -> None:
    found = notes(events(engine, f"{PROMPT} wide <lora:partly>"))
    assert any(note.startswith("1 tensors of the LoRA partly are for layers") for note in found)
    assert any(note.startswith("The embedding wide (wide.safetensors) is for") for note in found)


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("<lora:inc>", "There is no LoRA 'inc'. Near it are: ink."),
        ("[a|<lora:inc>]", "There is no LoRA 'inc'. Near it are: ink."),
        ("<lora:large>", "It was made for SDXL. Remove it from the prompt"),
        ("embedding:marks", "There is no embedding 'marks'. Near it are: mark."),
    ],
)
def test_what_cannot_be_used_is_an_error_that_leaves_no_trace(
    engine: Engine, plain: np.ndarray, prompt: str, sentence: str
) -> None:
    with pytest.raises(RequestError) as caught:
        events(engine, f"{PROMPT} {prompt}")
    assert caught.value.field == "prompt"
    assert sentence in str(caught.value)
    assert not differ(picture(events(engine)), plain)
