"""Networks read from folders: as diffusers reads them, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.transformers.prior_transformer import PriorTransformer
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModelWithProjection, CLIPVisionModelWithProjection

from engine.errors import ModelError
from engine.families.unclip.networks import network
from tests.engine.tiny_checkpoints import unclip as tiny

FP32 = torch.float32


@pytest.fixture
def prior(tmp_path: Path) -> Path:
    return tiny.write_kandinsky_prior(tmp_path / "prior")


def changed(folder: Path, name: str, change: Any) -> Path:
    file = folder / name
    state = change(load_file(file))
    save_file(state, file, {"format": "pt"})
    return folder


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        (PriorTransformer, "prior"),
        (CLIPTextModelWithProjection, "text_encoder"),
        (CLIPVisionModelWithProjection, "image_encoder"),
    ],
)
def test_a_network_has_every_tensor_that_its_own_library_gives_it(
    prior: Path, kind: Any, part: str
) -> None:
    theirs = kind.from_pretrained(prior / part)
    ours = network(kind, prior / part, "cpu", FP32)
    wanted = dict(theirs.named_buffers()) | dict(theirs.named_parameters())
    found = dict(ours.named_buffers()) | dict(ours.named_parameters())
    assert wanted.keys() == found.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in wanted.items())
    assert not any(one.requires_grad for one in ours.parameters())
    assert not ours.training


def test_a_network_without_some_of_its_tensors_is_a_sentence(prior: Path) -> None:
    name = "diffusion_pytorch_model.safetensors"
    changed(prior / "prior", name, lambda s: {n: t for n, t in s.items() if n != "clip_mean"})
    with pytest.raises(ModelError, match="lacks 1 of its tensors, such as clip_mean"):
        network(PriorTransformer, prior / "prior", "cpu", FP32)


def test_tensors_of_another_model_are_a_sentence(prior: Path) -> None:
    name = "diffusion_pytorch_model.safetensors"
    changed(prior / "prior", name, lambda s: s | {"clip_mean": torch.zeros(1, 7)})
    with pytest.raises(ModelError, match="do not fit its configuration"):
        network(PriorTransformer, prior / "prior", "cpu", FP32)


def test_names_of_earlier_libraries_are_todays(tmp_path: Path) -> None:
    folder = tiny.write_stable_unclip(tmp_path / "old") / "vae"
    before = network(AutoencoderKL, folder, "cpu", FP32).state_dict()
    olds = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}

    def renamed(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        for new, old in olds.items():
            state = {name.replace(f".{new}.", f".{old}."): tensor for name, tensor in state.items()}
        return {
            name: tensor[..., None, None].contiguous()
            if ".query." in name and tensor.ndim == 2
            else tensor
            for name, tensor in state.items()
        }

    changed(folder, "diffusion_pytorch_model.safetensors", renamed)
    assert any(".query." in name for name in load_file(next(folder.glob("*.safetensors"))))
    after = network(AutoencoderKL, folder, "cpu", FP32).state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())


def test_a_folder_without_weights_is_a_sentence(prior: Path) -> None:
    (prior / "prior" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(ModelError, match="not fetched whole"):
        network(PriorTransformer, prior / "prior", "cpu", FP32)
