"""Tiny SD 1.x, SD 2.x, SDXL and refiner checkpoints of the real classes, in the real formats.

`write_folder` writes what diffusers' `save_pretrained` does; `write_file` the same weights as one
safetensors file with the original key names. Weights are drawn from the seed alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

ARCHITECTURES = ("sd1", "sd2", "sdxl", "sdxl-refiner")
WIDTHS = {"sd1": 32, "sd2": 64, "sdxl": 32 + 64, "sdxl-refiner": 64}
POOLED = 64
LEVELS = (32, 64)
FACTOR = 2  # pixels of a latent
SIZE = 16  # latents of a native picture
_SPECIAL = ("<|startoftext|>", "<|endoftext|>")
_MERGES = ("r e", "re d</w>", "b l", "bl u", "blu e</w>", "c a", "ca t</w>")


def vocabulary() -> dict[str, int]:
    """Return a vocabulary of the form of CLIP's: bytes, bytes that end words, merges, two marks."""
    letters = [*map(chr, range(33, 127))]
    words = [*letters, *(f"{letter}</w>" for letter in letters)]
    words += [merge.replace(" ", "") for merge in _MERGES]
    return {word: number for number, word in enumerate([*words, *_SPECIAL])}


def write_tokenizer(folder: Path, pad: str = _SPECIAL[1]) -> Path:
    """Write vocab.json, merges.txt and the settings of a tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary()))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *_MERGES, ""]))
    settings = {
        "tokenizer_class": "CLIPTokenizer",
        "bos_token": _SPECIAL[0],
        "eos_token": _SPECIAL[1],
        "unk_token": _SPECIAL[1],
        "pad_token": pad,
        "model_max_length": 77,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


def components(
    architecture: str,
    *,
    channels: int = 4,
    seed: int = 0,
    scheduler: Mapping[str, Any] | None = None,
    unet: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the networks, the scheduler and nothing else, by the names of a diffusers folder."""
    from diffusers.schedulers.scheduling_ddim import DDIMScheduler

    with torch.random.fork_rng(devices=[]):
        torch.random.manual_seed(seed)
        made: dict[str, Any] = {
            "unet": _unet(architecture, channels, unet or {}),
            "vae": _vae(architecture),
        }
        for part in ("text_encoder", "text_encoder_2"):
            tower = _tower(architecture, part)
            if tower is not None:
                made[part] = tower
    made["scheduler"] = DDIMScheduler(
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        clip_sample=False,
        steps_offset=1,
        timestep_spacing="trailing",
        **(scheduler or {}),
    )
    for part in made.values():
        if isinstance(part, torch.nn.Module):
            part.eval().requires_grad_(False)
    return made


def write_folder(
    folder: Path,
    architecture: str,
    *,
    dtype: torch.dtype = torch.float32,
    variant: str | None = None,
    shard: str | None = None,
    **choices: Any,
) -> Path:
    """Write a diffusers folder and return it; `shard` is the largest size of a file of the unet."""
    made = components(architecture, **choices)
    index: dict[str, Any] = {"_class_name": _pipeline(architecture), "_diffusers_version": "0.35.0"}
    for name, part in made.items():
        sized = {} if shard is None or name != "unet" else {"max_shard_size": shard}
        if isinstance(part, torch.nn.Module):
            torch.nn.Module.to(part, dtype).save_pretrained(folder / name, variant=variant, **sized)
        else:
            part.save_pretrained(folder / name)
        library = "transformers" if name.startswith("text") else "diffusers"
        index[name] = [library, type(part).__name__]
        if name.startswith("text"):
            tokenizer = name.replace("text_encoder", "tokenizer")
            write_tokenizer(folder / tokenizer, _pad(architecture, name))
            index[tokenizer] = ["transformers", "CLIPTokenizer"]
    if architecture.startswith("sdxl"):
        index["force_zeros_for_empty_prompt"] = architecture == "sdxl"
        index["requires_aesthetics_score"] = architecture == "sdxl-refiner"
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def write_file(
    path: Path,
    architecture: str,
    *,
    dtype: torch.dtype = torch.float32,
    metadata: dict[str, str] | None = None,
    marks: tuple[str, ...] = (),
    **choices: Any,
) -> Path:
    """Write a single file with the original key names; `marks` are empty tensors such as v_pred."""
    made = components(architecture, **choices)
    state = {f"model.diffusion_model.{n}": t for n, t in original_unet(made["unet"]).items()}
    state |= {f"first_stage_model.{n}": t for n, t in original_vae(made["vae"]).items()}
    for part, prefix in _PREFIXES[architecture].items():
        tower = made[part]
        named = original_clip(tower) if part == "text_encoder" and architecture != "sd2" else None
        named = original_open_clip(tower) if named is None else named
        if architecture == "sd2":  # whose last layer nobody reads
            named |= _one_more_layer(named, tower.config.num_hidden_layers)
        state |= {f"{prefix}.{name}": tensor for name, tensor in named.items()}
    state |= {mark: torch.zeros(0) for mark in marks}
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {name: tensor.to(dtype).clone().contiguous() for name, tensor in state.items()}
    save_file(kept, path, metadata=metadata)
    return path


_PREFIXES = {
    "sd1": {"text_encoder": "cond_stage_model"},
    "sd2": {"text_encoder": "cond_stage_model"},
    "sdxl": {
        "text_encoder": "conditioner.embedders.0",
        "text_encoder_2": "conditioner.embedders.1",
    },
    "sdxl-refiner": {"text_encoder_2": "conditioner.embedders.0"},
}


def original_unet(unet: Any) -> dict[str, Tensor]:
    """Return a unet's tensors under the names of the first Stable Diffusion code."""
    layers = unet.config["layers_per_block"]
    named = {}
    for name, tensor in unet.state_dict().items():
        named[_original_unet_name(name, layers, unet)] = tensor
    return named


_TOP = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "time_embedding.cond_proj": "time_embed.cond_proj",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}


def _original_unet_name(name: str, layers: int, unet: Any) -> str:
    for ours, theirs in _TOP.items():
        if name.startswith(f"{ours}."):
            return name.replace(ours, theirs, 1)
    way, *rest = name.split(".")
    if way == "mid_block":
        kind, index, *rest = rest
        place = f"middle_block.{2 * int(index)}" if kind == "resnets" else "middle_block.1"
        return f"{place}.{_within(kind, rest)}"
    block, kind, index, *rest = rest
    if way == "down_blocks":
        return _down(int(block), kind, int(index), rest, layers)
    return _up(int(block), kind, int(index), rest, layers, unet)


def _down(block: int, kind: str, index: int, rest: list[str], layers: int) -> str:
    first = 1 + block * (layers + 1)
    if kind == "downsamplers":
        return f"input_blocks.{first + layers}.0.op.{rest[-1]}"
    inner = 0 if kind == "resnets" else 1
    return f"input_blocks.{first + index}.{inner}.{_within(kind, rest)}"


def _up(block: int, kind: str, index: int, rest: list[str], layers: int, unet: Any) -> str:
    first = block * (layers + 1)
    attends = hasattr(unet.up_blocks[block], "attentions")
    if kind == "upsamplers":
        return f"output_blocks.{first + layers}.{2 if attends else 1}.conv.{rest[-1]}"
    inner = 0 if kind == "resnets" else 1
    return f"output_blocks.{first + index}.{inner}.{_within(kind, rest)}"


def _within(kind: str, rest: list[str]) -> str:
    if kind == "resnets":
        return ".".join([_RESNET[rest[0]], *rest[1:]])
    return ".".join(rest)


def original_vae(vae: Any) -> dict[str, Tensor]:
    """Return an autoencoder's tensors under the names of the first Stable Diffusion code."""
    levels = len(vae.config["block_out_channels"])
    named = {}
    for name, tensor in vae.state_dict().items():
        new = name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
        new = re.sub(r"down_blocks\.(\d+)\.resnets\.", r"down.\1.block.", new)
        new = re.sub(r"down_blocks\.(\d+)\.downsamplers\.0\.", r"down.\1.downsample.", new)
        new = re.sub(
            r"up_blocks\.(\d+)\.resnets\.",
            lambda m: f"up.{levels - 1 - int(m[1])}.block.",
            new,
        )
        new = re.sub(
            r"up_blocks\.(\d+)\.upsamplers\.0\.",
            lambda m: f"up.{levels - 1 - int(m[1])}.upsample.",
            new,
        )
        new = re.sub(r"mid_block\.resnets\.(\d)\.", lambda m: f"mid.block_{int(m[1]) + 1}.", new)
        if "mid_block.attentions.0." in new:
            new = new.replace("mid_block.attentions.0.", "mid.attn_1.")
            new = new.replace("group_norm", "norm").replace("to_out.0", "proj_out")
            new = re.sub(r"\.to_([qkv])\.", r".\1.", new)
            tensor = tensor[..., None, None] if tensor.ndim == 2 else tensor
        named[new] = tensor
    return named


def original_clip(tower: Any) -> dict[str, Tensor]:
    """Return a CLIP-L's tensors as single files hold them, with the buffer that old ones have."""
    named = {}
    for name, tensor in tower.state_dict().items():
        named[f"transformer.text_model.{name.removeprefix('text_model.')}"] = tensor
    length = tower.config.max_position_embeddings
    named["transformer.text_model.embeddings.position_ids"] = torch.arange(length)[None]
    return named


def original_open_clip(tower: Any) -> dict[str, Tensor]:
    """Return a text encoder's tensors under OpenCLIP's names."""
    state = {n.removeprefix("text_model."): t for n, t in tower.state_dict().items()}
    named = {
        "model.token_embedding.weight": state["embeddings.token_embedding.weight"],
        "model.positional_embedding": state["embeddings.position_embedding.weight"],
        "model.ln_final.weight": state["final_layer_norm.weight"],
        "model.ln_final.bias": state["final_layer_norm.bias"],
        "model.logit_scale": torch.zeros(()),
    }
    if "text_projection.weight" in state:
        named["model.text_projection"] = state["text_projection.weight"].T
    else:  # in the file though SD 2.x has no use for it
        width = tower.config.hidden_size
        named["model.text_projection"] = torch.eye(width)
    for layer in range(tower.config.num_hidden_layers):
        named |= _open_clip_layer(state, layer)
    return named


def _open_clip_layer(state: Mapping[str, Tensor], layer: int) -> dict[str, Tensor]:
    old, new = f"encoder.layers.{layer}", f"model.transformer.resblocks.{layer}"
    named = {}
    for kind in ("weight", "bias"):
        parts = [state[f"{old}.self_attn.{p}_proj.{kind}"] for p in "qkv"]
        named[f"{new}.attn.in_proj_{kind}"] = torch.cat(parts)
        named[f"{new}.attn.out_proj.{kind}"] = state[f"{old}.self_attn.out_proj.{kind}"]
        named[f"{new}.ln_1.{kind}"] = state[f"{old}.layer_norm1.{kind}"]
        named[f"{new}.ln_2.{kind}"] = state[f"{old}.layer_norm2.{kind}"]
        named[f"{new}.mlp.c_fc.{kind}"] = state[f"{old}.mlp.fc1.{kind}"]
        named[f"{new}.mlp.c_proj.{kind}"] = state[f"{old}.mlp.fc2.{kind}"]
    return named


def _one_more_layer(named: Mapping[str, Tensor], layers: int) -> dict[str, Tensor]:
    last, new = f"resblocks.{layers - 1}.", f"resblocks.{layers}."
    return {n.replace(last, new): torch.randn_like(t) for n, t in named.items() if last in n}


def _unet(architecture: str, channels: int, choices: Mapping[str, Any]) -> Any:
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    large = architecture.startswith("sdxl")
    refines = architecture == "sdxl-refiner"
    attends = (False, True) if large else (True, False)
    if refines:  # told from its base by the number of its blocks
        attends = (False, True, True, False)
    settings: dict[str, Any] = {
        "sample_size": SIZE,
        "in_channels": channels,
        "out_channels": 4,
        "block_out_channels": (32, 32, 64, 64) if refines else LEVELS,
        "layers_per_block": 2 if refines else 1,
        "cross_attention_dim": WIDTHS[architecture],
        "down_block_types": ["CrossAttnDownBlock2D" if a else "DownBlock2D" for a in attends],
        "up_block_types": ["CrossAttnUpBlock2D" if a else "UpBlock2D" for a in reversed(attends)],
        "attention_head_dim": 8 if architecture == "sd1" else [1] * len(attends),
        "use_linear_projection": architecture != "sd1",
    }
    if large:
        times = 8
        settings |= {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": times,
            "transformer_layers_per_block": 2 if refines else [1, 2],
            "projection_class_embeddings_input_dim": POOLED + times * (5 if refines else 6),
        }
    return UNet2DConditionModel(**{**settings, **choices})


def _vae(architecture: str) -> Any:
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    large = architecture.startswith("sdxl")
    made = AutoencoderKL(
        block_out_channels=LEVELS,
        down_block_types=["DownEncoderBlock2D"] * 2,
        up_block_types=["UpDecoderBlock2D"] * 2,
        layers_per_block=1,
        latent_channels=4,
        sample_size=SIZE * FACTOR,
        scaling_factor=0.13025 if large else 0.18215,
        force_upcast=large,
    )
    with torch.no_grad():
        made.quant_conv.bias[4:] = -60.0  # so narrow a posterior that its mode is its sample
        made.quant_conv.weight[4:] = 0.0
    return made


def _tower(architecture: str, part: str) -> Any:
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    second = part == "text_encoder_2"
    if part not in _PREFIXES[architecture]:
        return None
    open_clip = second or architecture == "sd2"
    width = 64 if open_clip else 32
    words = vocabulary()
    config = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=1,
        max_position_embeddings=77,
        hidden_act="gelu" if open_clip else "quick_gelu",
        projection_dim=POOLED if second else width,
        bos_token_id=words[_SPECIAL[0]],
        eos_token_id=words[_SPECIAL[1]],
        pad_token_id=0 if open_clip else words[_SPECIAL[1]],
    )
    return CLIPTextModelWithProjection(config) if second else CLIPTextModel(config)


def _pad(architecture: str, part: str) -> str:
    return "!" if part == "text_encoder_2" or architecture == "sd2" else _SPECIAL[1]


def _pipeline(architecture: str) -> str:
    if architecture == "sdxl-refiner":
        return "StableDiffusionXLImg2ImgPipeline"
    return "StableDiffusionXLPipeline" if architecture == "sdxl" else "StableDiffusionPipeline"
