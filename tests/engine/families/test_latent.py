"""The latent family in jobs: every mode, its words, its previews, and what can go wrong."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine import Engine, Extension, Mode, Painted, PaintRequest, Pixels
from engine.adapters import Additions
from engine.api import Size
from engine.checkpoints.folders import read_config
from engine.errors import CancelledError, ModelError, RequestError
from engine.families import Conditions
from engine.families.latent import LatentFamily, mahlstick_plugins
from engine.families.latent.autoencoders import Autoencoder
from engine.families.latent.loading import tiny_decoders
from engine.families.latent.model import LatentModel
from engine.families.latent.networks import autoencoder, read, tiny_autoencoder
from engine.families.latent.prediction import said_by
from engine.plugins import active_plugins
from engine.prompts import Prompt, Words
from tests.engine.tiny_checkpoints.latent import (
    components,
    write_file,
    write_folder,
    write_tokenizer,
)

WORKING = Size(32, 32)
STEPS = 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("models") / "small", "sd1")


@pytest.fixture(scope="module")
def model(folder: Path) -> LatentModel:
    return loaded(folder)


@pytest.fixture(scope="module")
def painter(folder: Path) -> Engine:
    return Engine(models=[folder], device="cpu")


@pytest.fixture(scope="module")
def canvas() -> Pixels:
    drawn = np.random.default_rng(5).integers(0, 256, (6, 9, 4), np.uint8)
    picture = np.ascontiguousarray(drawn.repeat(8, axis=0).repeat(8, axis=1))
    picture[..., 3] = 255
    return picture


@pytest.fixture(scope="module")
def soft(canvas: Pixels) -> Pixels:
    """A selection with a soft border."""
    mask = np.zeros(canvas.shape[:2], np.uint8)
    mask[10:30, 14:50] = 255
    mask[10:30, 10:14] = (50, 100, 150, 200)
    return mask


def loaded(path: Path) -> LatentModel:
    family = LatentFamily()
    card = family.recognise(path)
    assert card is not None
    return family.load(card, "cpu", "fp32")


def request(mode: Mode, **wishes: Any) -> PaintRequest:
    usual = {"prompt": "red cat", "candidates": 1, "seed": 3, "steps": STEPS, "model": "small"}
    return PaintRequest(mode=mode, **{**usual, **wishes})


def result(painter: Engine, asked: PaintRequest) -> Painted:
    return next(event for event in painter.paint(asked) if isinstance(event, Painted))


def test_importing_the_family_imports_no_torch() -> None:
    code = "import sys, engine.families.latent; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_family_registers_itself_by_the_hook() -> None:
    (plugin,) = mahlstick_plugins({})
    assert [family.name for family in plugin.mahlstick_families()] == ["latent"]
    assert "family latent" in [added for one in active_plugins() for added in one.adds]


def test_a_seed_generates_one_picture_and_another_seed_another(painter: Engine) -> None:
    first = result(painter, request(Mode.GENERATE))
    assert first.merged.shape == (32, 32, 4)
    assert np.array_equal(first.merged, result(painter, request(Mode.GENERATE)).merged)
    other = result(painter, request(Mode.GENERATE, seed=4))
    assert not np.array_equal(first.merged, other.merged)


@pytest.mark.parametrize("channels", [4, 9])
def test_a_soft_selection_is_painted_and_nothing_outside_it(
    tmp_path: Path, canvas: Pixels, soft: Pixels, channels: int
) -> None:
    write_folder(tmp_path / "small", "sd1", channels=channels)
    painter = Engine(models=[tmp_path], device="cpu")
    merged = result(painter, request(Mode.INPAINT, image=canvas, mask=soft)).merged
    assert np.array_equal(merged[soft == 0], canvas[soft == 0])
    assert not np.array_equal(merged[soft == 255], canvas[soft == 255])


def test_a_strip_beyond_the_edge_is_painted_and_the_picture_kept(
    painter: Engine, canvas: Pixels
) -> None:
    asked = request(Mode.OUTPAINT, image=canvas, extension=Extension(right=24))
    merged = result(painter, asked).merged
    height, width = canvas.shape[:2]
    assert merged.shape == (height, width + 24, 4)
    assert np.array_equal(merged[:, :width], canvas)
    assert merged[:, width:, :3].std() > 0


def test_a_weak_refinement_stays_nearer_than_a_strong_one(painter: Engine, canvas: Pixels) -> None:
    def changed(strength: float) -> float:
        asked = request(Mode.REFINE, image=canvas, strength=strength)
        merged = result(painter, asked).merged
        return float(np.abs(merged.astype(float) - canvas)[..., :3].mean())

    assert 0 < changed(0.1) < changed(0.9)


def test_a_variation_starts_from_the_picture_where_no_strength_is_given(
    painter: Engine, canvas: Pixels
) -> None:
    card = painter.catalogue.card("small")
    usual = result(painter, request(Mode.VARY, image=canvas))
    assert usual.record["strength"] == card.vary_strength < 1
    told = result(painter, request(Mode.VARY, image=canvas, strength=card.vary_strength))
    assert np.array_equal(usual.merged, told.merged)


def test_an_enlarged_picture_keeps_what_it_shows(painter: Engine, canvas: Pixels) -> None:
    asked = request(Mode.UPSCALE, image=canvas, factor=2.0, strength=0.05)
    merged = result(painter, asked).merged
    height, width = canvas.shape[:2]
    assert merged.shape == (2 * height, 2 * width, 4)
    small = merged.reshape(height, 2, width, 2, 4).mean((1, 3))
    apart = np.abs(small - canvas)[..., :3].mean()
    assert apart < np.abs(small[::-1] - canvas)[..., :3].mean() / 2


def test_a_single_file_paints_what_its_folder_paints(model: LatentModel, tmp_path: Path) -> None:
    path = write_file(tmp_path / "small.safetensors", "sd1")
    write_tokenizer(tmp_path / "tokenizer")
    said = {"prompt": "red cat", "negative_prompt": "grey", "guidance": 3.0}
    assert torch.equal(denoised(loaded(path), **said), denoised(model, **said))


def test_the_prompt_the_negative_prompt_and_the_guidance_all_count(model: LatentModel) -> None:
    said = {"prompt": "red cat", "guidance": 3.0}
    plain = denoised(model, **said)
    assert not torch.allclose(plain, denoised(model, **{**said, "prompt": "blue"}))
    assert not torch.allclose(plain, denoised(model, negative_prompt="blue", **said))
    assert not torch.allclose(plain, denoised(model, **{**said, "guidance": 6.0}))


def test_words_that_count_more_change_the_picture_and_usual_ones_do_not(
    model: LatentModel,
) -> None:
    plain = denoised(model, prompt="red cat")
    weighed = Prompt.read("(red:1.4) cat").at(1, 1)
    assert not torch.allclose(plain, denoised(model, prompt="red cat", words=weighed))
    usual = Prompt.read("(red:1.0) cat").at(1, 1)
    assert torch.allclose(plain, denoised(model, prompt="red cat", words=usual), atol=1e-5)


def test_a_weight_moves_a_words_state_away_from_the_empty_prompts(model: LatentModel) -> None:
    reader = model.parts.readers[0]
    weighed = Prompt.read("red (cat:1.5)").at(1, 1)
    with torch.inference_mode():
        plain = reader.read(reader.chunks(Prompt.read("red cat").at(1, 1))).hidden
        empty = reader.read(reader.chunks(Words())).hidden
        moved = reader.read(reader.chunks(weighed)).hidden
    assert torch.allclose(moved[:, 2], empty[:, 2] + 1.5 * (plain[:, 2] - empty[:, 2]), atol=1e-5)
    others = [place for place in range(77) if place != 2]  # beginning, red, end, padding
    assert torch.allclose(moved[:, others], plain[:, others], atol=1e-5)


def test_the_end_of_a_long_prompt_is_still_read(model: LatentModel) -> None:
    long = ", ".join(["blue"] * 60)
    assert not torch.allclose(
        denoised(model, prompt=f"{long}, red"), denoised(model, prompt=f"{long}, cat")
    )
    denoised(model, prompt=long, negative_prompt="red", guidance=3.0)  # of one chunk beside two


def test_a_prompt_that_was_read_is_not_read_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = loaded(folder)
    tower = model.parts.readers[0].network
    calls: list[object] = []
    forward = tower.forward

    def counted(*given: Any, **named: Any) -> Any:
        calls.append(given)
        return forward(*given, **named)

    monkeypatch.setattr(tower, "forward", counted)
    denoised(model, prompt="red cat")
    denoised(model, prompt="red cat")
    assert len(calls) == 1
    denoised(model, prompt="blue cat")
    assert len(calls) == 2


def test_a_candidate_alone_is_what_it_is_in_the_batch(model: LatentModel) -> None:
    conditions = Conditions(prompt="red", guidance=3.0, working=WORKING, seeds=(1, 2, 3))
    x = torch.randn(3, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    together = model.denoiser(conditions)(x, model.path.level(0.6))
    alone = model.denoiser(replace(conditions, seeds=(2,)))(x[1:2], model.path.level(0.6))
    assert torch.allclose(together[1:2], alone, atol=1e-5)


def test_cancelling_ends_a_step_before_its_network_is_through(model: LatentModel) -> None:
    calls, stop_at = 0, None

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == stop_at:
            raise CancelledError("The job was cancelled.")

    conditions = Conditions(prompt="sunset", working=WORKING, seeds=(1,), check=check)
    denoise = model.denoiser(conditions)
    assert calls > 3, "reading the prompt asks nothing"
    x = torch.zeros(1, 4, 16, 16)
    denoise(x, model.path.level(1.0))
    calls, stop_at = 0, 3
    with pytest.raises(CancelledError):
        denoise(x, model.path.level(1.0))
    assert calls == 3
    calls, stop_at = 0, 4
    with pytest.raises(CancelledError):
        model.decode(x, WORKING, check)
    assert calls == 4
    calls, stop_at = 0, None
    assert denoise(x, model.path.level(1.0)).isfinite().all()


@pytest.mark.parametrize(("width", "height"), [(32, 32), (48, 32), (32, 40)])
def test_any_working_size_of_the_right_multiple_goes_there_and_back(
    model: LatentModel, width: int, height: int
) -> None:
    working = Size(width, height)
    pictures = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(1)) * 2 - 1
    latents = model.encode(pictures)
    assert latents.shape[1:] == model.latent_shape(working)
    back = model.decode(latents, working, lambda: None)
    assert back.shape == pictures.shape
    assert float(back.abs().max()) <= 1.0


def test_a_preview_is_small_rgb_of_the_latents_own_colours(model: LatentModel) -> None:
    seen = model.preview(torch.randn(2, 4, 16, 24, generator=torch.Generator().manual_seed(1)))
    assert seen.dtype == torch.uint8
    assert seen.shape == (2, 64, 96, 3)
    assert seen.float().std() > 0


def test_a_tiny_decoder_shows_previews_where_there_is_one(folder: Path, tmp_path: Path) -> None:
    from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny

    sizes: dict[str, Any] = {
        f"{half}coder_block_out_channels": (8, 8, 8, 8) for half in ("en", "de")
    }
    AutoencoderTiny(**sizes).save_pretrained(tmp_path / "vae_approx" / "taesd")
    shutil.copytree(folder, tmp_path / "small")
    found = tiny_decoders(tmp_path / "small", None, is_large=False)
    assert found == [tmp_path / "vae_approx" / "taesd"]
    plain = loaded(tmp_path / "small")
    assert tiny_decoders(tmp_path / "small", None, is_large=True) == []
    away, own = Path("elsewhere.safetensors"), tmp_path / "vae_approx"
    assert tiny_decoders(away, own, is_large=False) == found
    state = read(found[0])
    tiny = tiny_autoencoder(read_config(found[0] / "config.json"), state)
    card = plain.card
    model = LatentModel(card, plain.traits, plain.parts, "cpu", tiny)
    model.preview(noise())  # the first is a linear map's
    seen = model.preview(noise())
    assert seen.dtype == torch.uint8
    assert seen.shape == (1, 64, 64, 3)  # half of what the decoder makes of 16 x 16
    with torch.inference_mode():
        whole = (tiny.decode(noise()).sample.clamp(-1, 1) + 1) * 127.5
    apart = seen.float().mean((1, 2)) - whole.mean((2, 3))
    assert float(apart.abs().max()) < 2.0


def test_an_autoencoder_that_overflows_in_half_computes_in_fp32() -> None:
    made = components("sd1")["vae"].half()
    with torch.no_grad():
        made.decoder.conv_in.weight *= 4e4
        made.decoder.conv_in.bias += 6e4
    scaled = Autoencoder(made, "cpu", overflows=False)
    latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        decoded = scaled.decode(latents, lambda: None)
    assert decoded.isfinite().all()
    assert scaled.network.dtype == torch.float32


def test_sdxls_autoencoder_never_computes_in_half() -> None:
    made = components("sdxl")["vae"].half()
    assert Autoencoder(made, "cpu", overflows=True).network.dtype == torch.float32


def test_a_damaged_autoencoder_is_a_sentence() -> None:
    source = components("sd1")["vae"]
    state = {name: tensor.clone() for name, tensor in source.state_dict().items()}
    state["decoder.conv_out.bias"][:] = float("nan")
    broken = Autoencoder(autoencoder(source.config, state), "cpu", overflows=False)
    with torch.inference_mode(), pytest.raises(ModelError, match="no numbers"):
        broken.decode(torch.zeros(1, 4, 8, 8), lambda: None)


def test_what_a_network_predicts_is_found_by_showing_it_noise() -> None:
    assert said_by(lambda noise: 0.9 * noise + 0.1, 4) == "epsilon"
    assert said_by(lambda noise: noise.mean() + torch.ones_like(noise), 4) == "v"


def test_an_unloaded_model_says_so(folder: Path) -> None:
    model = loaded(folder)
    model.unload()
    with pytest.raises(ModelError, match="was unloaded"):
        model.denoiser(Conditions(prompt="red", working=WORKING, seeds=(1,)))


def test_the_refiner_paints_over_a_picture(tmp_path: Path, canvas: Pixels) -> None:
    write_folder(tmp_path / "small", "sdxl-refiner")
    painter = Engine(models=[tmp_path], device="cpu")
    merged = result(painter, request(Mode.REFINE, image=canvas, strength=0.3)).merged
    assert merged.shape == canvas.shape
    assert "low strength" in painter.catalogue.card("small").notes


def test_a_lora_of_the_prompt_changes_the_paint_and_leaves_with_it(
    model: LatentModel, tmp_path: Path
) -> None:
    path = write_lora(tmp_path / "style.safetensors", model)
    additions = Additions(loras={"style": path})
    words = Prompt.read("red cat <lora:style:1>").at(1, 1)
    plain = denoised(model, prompt="red cat")
    styled = denoised(model, prompt="red cat", words=words, additions=additions)
    assert not torch.allclose(plain, styled, atol=1e-4)
    assert torch.equal(plain, denoised(model, prompt="red cat"))


def test_wordings_with_and_without_a_lora_take_turns(model: LatentModel, tmp_path: Path) -> None:
    additions = Additions(loras={"style": write_lora(tmp_path / "style.safetensors", model)})
    words = Prompt.read("red cat <lora:style:1>").at(1, 1)
    common: dict[str, Any] = {"prompt": "red cat", "working": WORKING, "seeds": (1,)}
    with_it = model.denoiser(Conditions(words=words, additions=additions, **common))
    without = model.denoiser(Conditions(**common))
    x, level = noise(), model.path.level(0.7)
    assert torch.equal(without(x, level), denoised(model, prompt="red cat"))
    styled = with_it(x, level)
    assert torch.equal(without(x, level), denoised(model, prompt="red cat"))
    assert torch.equal(with_it(x, level), styled)


def test_a_lora_in_the_painters_folders_is_laid_over_the_model(
    folder: Path, model: LatentModel, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path / "checkpoints" / "small")
    (tmp_path / "loras").mkdir()
    write_lora(tmp_path / "loras" / "style.safetensors", model)
    painter = Engine(models=[tmp_path / "checkpoints", tmp_path / "loras"], device="cpu")
    plain = result(painter, request(Mode.GENERATE)).merged
    styled = result(painter, request(Mode.GENERATE, prompt="red cat <lora:style:1>")).merged
    assert not np.array_equal(plain, styled)
    assert np.array_equal(plain, result(painter, request(Mode.GENERATE)).merged)


def test_a_lora_that_is_not_there_is_named(painter: Engine) -> None:
    with pytest.raises(RequestError, match="nowhere"):
        list(painter.paint(request(Mode.GENERATE, prompt="red <lora:nowhere:1>")))


def test_a_new_word_of_a_file_is_read_as_its_vectors(model: LatentModel, tmp_path: Path) -> None:
    path = tmp_path / "glow.safetensors"
    drawn = torch.randn(2, 32, generator=torch.Generator().manual_seed(2))
    save_file({"emb_params": drawn}, path)
    additions = Additions(embeddings={"glow": path})
    plain = denoised(model, prompt="red glow")
    assert not torch.allclose(plain, denoised(model, prompt="red glow", additions=additions))
    assert torch.equal(plain, denoised(model, prompt="red glow"))


def test_a_word_of_another_kind_of_model_is_told_and_read_as_plain_words(
    model: LatentModel, tmp_path: Path
) -> None:
    path = tmp_path / "glow.safetensors"
    save_file({"emb_params": torch.zeros(2, 48)}, path)
    told: list[str] = []
    additions = Additions(embeddings={"glow": path})
    said = denoised(model, prompt="red glow", additions=additions, tell=told.append)
    assert torch.equal(said, denoised(model, prompt="red glow"))
    assert len(told) == 1
    assert "another kind of model" in told[0]


def write_lora(path: Path, model: LatentModel) -> Path:
    """Write a LoRA for one layer of the network, by kohya's names."""
    layer = model.parts.unet.down_blocks[0].attentions[0].transformer_blocks[0].attn2.to_v
    name = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_v"
    drawn = torch.Generator().manual_seed(4)
    tensors = {
        f"{name}.lora_down.weight": torch.randn(2, layer.in_features, generator=drawn),
        f"{name}.lora_up.weight": torch.randn(layer.out_features, 2, generator=drawn),
        f"{name}.alpha": torch.tensor(2.0),
    }
    save_file(tensors, path)
    return path


def noise() -> torch.Tensor:
    return torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(0))


def denoised(model: LatentModel, **asked: Any) -> torch.Tensor:
    """Return x0 of one step from the same noise."""
    conditions = Conditions(working=WORKING, seeds=(1,), **asked)
    return model.denoiser(conditions)(noise(), model.path.level(0.7))
