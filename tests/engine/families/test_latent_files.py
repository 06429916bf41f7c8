"""Checkpoints of the latent family in every form that people have, and in forms that are broken."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.checkpoints.headers import TensorInfo
from engine.errors import ModelError
from engine.families import ModelCard
from engine.families.latent import LatentFamily, mahlstick_plugins
from engine.families.latent.configurations import TOWERS, configured, skeleton
from engine.families.latent.model import LatentModel
from engine.families.latent.tokenizers import borrowed
from tests.engine.tiny_checkpoints import latent as tiny

FAMILY = LatentFamily()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_folder(tmp_path_factory.mktemp("folder") / "small", "sd1")


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the machine's own models out of the search for a vocabulary."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "no cache"))


def card_of(path: Path) -> ModelCard:
    card = FAMILY.recognise(path)
    assert card is not None
    return card


def loaded(path: Path, precision: str = "fp32") -> LatentModel:
    return FAMILY.load(card_of(path), "cpu", precision)


def weights(model: LatentModel) -> dict[str, torch.Tensor]:
    return {
        f"{part}.{name}": tensor
        for part, network in model.parts.networks.items()
        for name, tensor in network.state_dict().items()
    }


def the_same(one: LatentModel, other: LatentModel) -> bool:
    a, b = weights(one), weights(other)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("channels", [4, 9])
@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_a_file_with_the_original_names_is_loaded_as_its_folder(
    tmp_path: Path, architecture: str, channels: int
) -> None:
    tiny.write_folder(tmp_path / "folder", architecture, channels=channels)
    tiny.write_file(
        tmp_path / "alone.safetensors",
        architecture,
        channels=channels,
        metadata={"modelspec.prediction_type": "epsilon"},
    )
    tiny.write_tokenizer(tmp_path / "tokenizer")
    one, other = loaded(tmp_path / "folder"), loaded(tmp_path / "alone.safetensors")
    assert the_same(one, other)
    assert one.traits == other.traits
    assert [reader.pad for reader in one.parts.readers] == [r.pad for r in other.parts.readers]
    assert one.traits.is_inpainting == (channels == 9)


@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_the_published_networks_are_read_off_their_own_shapes(architecture: str) -> None:
    known = skeleton(architecture)
    tensors = published(architecture, known)
    found = configured(tensors, architecture)
    for part in ("vae", *TOWERS[architecture]):
        assert found[part] == known[part]
    unet = dict(found["unet"])
    depths = unet.pop("transformer_layers_per_block")
    meant = known["unet"]["transformer_layers_per_block"]
    attends = [kind.startswith("Cross") for kind in unet["down_block_types"]]
    listed = meant if isinstance(meant, list) else [meant] * len(attends)
    assert [d for d, a in zip(depths, attends, strict=True) if a] == [
        d for d, a in zip(listed, attends, strict=True) if a
    ]
    assert depths[-1] == listed[-1]
    assert unet == {name: told for name, told in known["unet"].items() if name in unet}


def published(architecture: str, known: Mapping[str, Any]) -> dict[str, TensorInfo]:
    """Return the header of the published checkpoint: names and shapes, no memory."""
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    with torch.device("meta"):
        unet = UNet2DConditionModel(**known["unet"])
        state = {f"model.diffusion_model.{n}": t for n, t in tiny.original_unet(unet).items()}
        vae = AutoencoderKL(**known["vae"])
        state |= {f"first_stage_model.{n}": t for n, t in tiny.original_vae(vae).items()}
        for part, prefix in TOWERS[architecture].items():
            kind = CLIPTextModelWithProjection if part == "text_encoder_2" else CLIPTextModel
            config = dict(known[part])
            if architecture == "sd2":
                config["num_hidden_layers"] += 1  # the file has a layer that nobody reads
            tower = kind(CLIPTextConfig(**config))
            is_open = part == "text_encoder_2" or architecture == "sd2"
            named = (tiny.original_open_clip if is_open else tiny.original_clip)(tower)
            state |= {prefix + name: tensor for name, tensor in named.items()}
    return {name: TensorInfo("F16", tuple(t.shape), 2 * t.numel()) for name, t in state.items()}


def test_shards_and_half_precision_editions_are_loaded_as_the_whole(
    tmp_path: Path, folder: Path
) -> None:
    whole = loaded(folder)
    sharded = tiny.write_folder(tmp_path / "sharded", "sd1", shard="1MB")
    assert len(list((sharded / "unet").glob("*-of-*.safetensors"))) > 1
    assert the_same(whole, loaded(sharded))
    half = tiny.write_folder(tmp_path / "half", "sd1", dtype=torch.float16, variant="fp16")
    assert not (half / "unet" / "diffusion_pytorch_model.safetensors").exists()
    rounded = weights(loaded(half))
    assert all(
        torch.equal(rounded[name], tensor.half().float())
        for name, tensor in weights(whole).items()
        if tensor.is_floating_point()
    )


def test_shards_of_a_half_precision_edition_are_found(tmp_path: Path) -> None:
    path = tiny.write_folder(
        tmp_path / "both", "sd1", dtype=torch.bfloat16, variant="bf16", shard="1MB"
    )
    model = loaded(path, "bf16")
    assert model.parts.unet.dtype == torch.bfloat16


def test_an_autoencoder_with_its_first_names_is_loaded(tmp_path: Path, folder: Path) -> None:
    old = shutil.copytree(folder, tmp_path / "old")
    path = old / "vae" / "diffusion_pytorch_model.safetensors"
    names = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    state = {}
    for name, tensor in load_file(path).items():
        for today, then in names.items():
            name = name.replace(f"attentions.0.{today}.", f"attentions.0.{then}.")
        state[name] = tensor
    assert any(".proj_attn." in name for name in state)
    save_file(state, path)
    assert the_same(loaded(folder), loaded(old))


def test_a_folder_without_one_of_its_tensors_names_it(tmp_path: Path, folder: Path) -> None:
    cut = shutil.copytree(folder, tmp_path / "cut")
    path = cut / "unet" / "diffusion_pytorch_model.safetensors"
    state = load_file(path)
    del state["conv_out.weight"]
    save_file(state, path)
    with pytest.raises(ModelError, match=r"lacks 1 of its tensors, such as conv_out\.weight"):
        loaded(cut)


def test_a_part_of_another_model_is_refused(tmp_path: Path, folder: Path) -> None:
    mixed = shutil.copytree(folder, tmp_path / "mixed")
    config = json.loads((mixed / "unet" / "config.json").read_text())
    config["cross_attention_dim"] = 48
    (mixed / "unet" / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="do not fit its configuration"):
        loaded(mixed)


def test_a_folder_without_a_vocabulary_says_so(tmp_path: Path, folder: Path) -> None:
    mute = shutil.copytree(folder, tmp_path / "mute")
    for file in (mute / "tokenizer").iterdir():
        file.unlink()
    with pytest.raises(ModelError, match="holds no vocabulary"):
        loaded(mute)


def test_a_single_file_borrows_the_vocabulary_of_a_model_nearby(
    tmp_path: Path, folder: Path
) -> None:
    path = tiny.write_file(tmp_path / "a" / "b" / "models" / "alone.safetensors", "sd1")
    with pytest.raises(ModelError, match=r"needs CLIP's vocabulary.*models pull"):
        loaded(path)
    shutil.copytree(folder, tmp_path / "folders" / "diffusers" / "other")
    found = borrowed(tmp_path / "folders" / "alone.safetensors", len(tiny.vocabulary()))
    assert (
        found("red")["input_ids"] == loaded(folder).parts.readers[0].tokenizer("red")["input_ids"]
    )
    with pytest.raises(ModelError, match=r"has \d+ words, .*the model has 49408"):
        borrowed(tmp_path / "folders" / "alone.safetensors", 49408)


def test_a_model_that_was_pulled_lends_its_vocabulary(tmp_path: Path, folder: Path) -> None:
    own = tmp_path / "pulled"
    shutil.copytree(folder, own / "sd15")
    path = tiny.write_file(tmp_path / "a" / "b" / "c" / "alone.safetensors", "sd1")
    (plugin,) = mahlstick_plugins({"library": {"folder": str(own)}})
    (family,) = plugin.mahlstick_families()
    model = family.load(card_of(path), "cpu", "fp32")
    assert len(model.parts.readers[0].tokenizer) == len(tiny.vocabulary())


def test_the_hubs_cache_lends_its_vocabulary_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "hub"
    tiny.write_tokenizer(cache / "models--some--one" / "snapshots" / "abc" / "tokenizer")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    path = tmp_path / "a" / "b" / "c" / "d" / "alone.safetensors"
    assert len(borrowed(path, len(tiny.vocabulary()))) == len(tiny.vocabulary())


def test_a_file_that_lacks_a_part_is_not_listed(tmp_path: Path) -> None:
    path = tiny.write_file(tmp_path / "whole.safetensors", "sd1")
    state = {n: t for n, t in load_file(path).items() if n.startswith("model.diffusion_model.")}
    save_file(state, tmp_path / "network.safetensors")
    assert FAMILY.recognise(tmp_path / "network.safetensors") is None
    assert FAMILY.recognise(tmp_path) is None
    assert FAMILY.recognise(tmp_path / "not there.safetensors") is None


def test_an_unknown_precision_is_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match="fp32, fp16, bf16"):
        loaded(folder, "fp7")


def test_marks_in_a_single_file_tell_velocity_and_pure_noise(tmp_path: Path) -> None:
    tiny.write_tokenizer(tmp_path / "tokenizer")
    path = tiny.write_file(tmp_path / "v.safetensors", "sdxl", marks=("v_pred", "ztsnr"))
    traits = loaded(path).traits
    assert traits.training.prediction == "v"
    assert traits.training.starts_at_pure_noise
    plain = tiny.write_file(tmp_path / "plain.safetensors", "sdxl")
    assert loaded(plain).traits.training.prediction == "epsilon"


def test_a_single_file_of_a_consistency_model_is_told_its_guidance(tmp_path: Path) -> None:
    choices: dict[str, Any] = {"unet": {"time_cond_proj_dim": 16}}
    tiny.write_folder(tmp_path / "lcm", "sd1", **choices)
    path = tiny.write_file(tmp_path / "alone.safetensors", "sd1", **choices)
    tiny.write_tokenizer(tmp_path / "tokenizer")
    one, other = loaded(tmp_path / "lcm"), loaded(path)
    assert one.traits.guidance_width == other.traits.guidance_width == 16
    assert the_same(one, other)


def test_an_untold_sd2_is_asked_what_it_predicts(tmp_path: Path) -> None:
    tiny.write_tokenizer(tmp_path / "tokenizer")
    path = tiny.write_file(tmp_path / "second.safetensors", "sd2")
    assert loaded(path).traits.training.prediction == "v"  # random answers are unlike the noise


def test_noise_is_never_predicted_from_pure_noise(tmp_path: Path) -> None:
    told = {"rescale_betas_zero_snr": True, "prediction_type": "epsilon"}
    path = tiny.write_folder(tmp_path / "odd", "sd1", scheduler=told)
    assert not loaded(path).traits.training.starts_at_pure_noise


def test_betas_that_are_unknown_are_a_sentence(tmp_path: Path, folder: Path) -> None:
    odd = shutil.copytree(folder, tmp_path / "odd")
    path = odd / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "beta_schedule": "stairs"}))
    with pytest.raises(ModelError, match="stairs"):
        loaded(odd)
