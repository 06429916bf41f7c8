"""Tiny networks of SD 1.x's, SD 2.x's and SDXL's classes, and LoRA files for them in every layout.

The original names are written down here by hand, block by block, so that they do not come from
the code that is tested.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

WIDTH = 32  # of the text encoder; the second one's is twice that
VOCABULARY = 1000


@dataclass(frozen=True)
class Parts:
    """The networks that LoRAs change."""

    unet: UNet2DConditionModel
    text_encoder: CLIPTextModel
    text_encoder_2: CLIPTextModelWithProjection | None = None

    @property
    def named(self) -> dict[str, nn.Module]:
        """The networks by their folders' names."""
        second = {} if self.text_encoder_2 is None else {"text_encoder_2": self.text_encoder_2}
        return {"unet": self.unet, "text_encoder": self.text_encoder, **second}


def parts(kind: str = "sd1", seed: int = 0) -> Parts:
    """Return random networks of `sd1` (projections are convolutions), `sd2` (linear) or `sdxl`."""
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(seed)
        xl = kind == "sdxl"
        text = text_config(WIDTH, 2)
        if kind == "sd2":
            text = text_config(2 * WIDTH, 2)
        second = CLIPTextModelWithProjection(text_config(2 * WIDTH, 3)) if xl else None
        unet = UNet2DConditionModel(
            sample_size=8,
            block_out_channels=(32, 64, 64) if xl else (32, 64),
            layers_per_block=2,
            down_block_types=("DownBlock2D",) * xl
            + ("CrossAttnDownBlock2D",) * (2 - (not xl))
            + ("DownBlock2D",) * (not xl),
            up_block_types=("UpBlock2D",) * (not xl)
            + ("CrossAttnUpBlock2D",) * (2 - (not xl))
            + ("UpBlock2D",) * xl,
            norm_num_groups=8,
            attention_head_dim=8,
            cross_attention_dim={"sd1": WIDTH, "sd2": 2 * WIDTH, "sdxl": 3 * WIDTH}[kind],
            use_linear_projection=kind != "sd1",
            transformer_layers_per_block=[1, 1, 2] if xl else 1,
            addition_embed_type="text_time" if xl else None,
            addition_time_embed_dim=8 if xl else None,
            projection_class_embeddings_input_dim=2 * WIDTH + 48 if xl else None,
        )
        made = Parts(unet, CLIPTextModel(text), second)
    for network in made.named.values():
        network.eval().requires_grad_(False)
    return made


def text_config(width: int, layers: int) -> CLIPTextConfig:
    """Return a small text tower's configuration, its ends as the real ones have them."""
    return CLIPTextConfig(
        vocab_size=VOCABULARY,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=layers,
        num_attention_heads=4,
        projection_dim=2 * WIDTH,
        bos_token_id=VOCABULARY - 2,
        eos_token_id=VOCABULARY - 1,
    )


def numbers(found: Parts) -> dict[str, Tensor]:
    """Return what the networks make of fixed inputs, by name."""
    generator = torch.Generator().manual_seed(1)
    unet = found.unet
    dtype = unet.dtype

    def noise(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator).to(dtype)

    latents = noise(2, 4, 8, 8)
    words = noise(2, 7, unet.config.cross_attention_dim)
    added = {"text_embeds": noise(2, 2 * WIDTH), "time_ids": torch.ones(2, 6).to(dtype)}
    tokens = torch.randint(1, VOCABULARY - 2, (2, 7), generator=generator)
    tokens[:, 0], tokens[:, -1] = VOCABULARY - 2, VOCABULARY - 1
    with torch.inference_mode():
        step = unet(latents, 500, words, added_cond_kwargs=added if found.text_encoder_2 else None)
        made = {"unet": step.sample}
        for name in ("text_encoder", "text_encoder_2"):
            encoder = getattr(found, name)
            if encoder is not None:
                said = encoder(tokens, output_hidden_states=True)
                made[name] = said.last_hidden_state
                made[f"{name} before"] = said.hidden_states[-2]
        if found.text_encoder_2 is not None:
            made["pooled"] = found.text_encoder_2(tokens).text_embeds
    return made


LAYERS: Mapping[str, str] = {
    "attention": r"to_[qkv]|to_out\.0|[qkv]_proj|out_proj",
    "linear": r"to_[qkv]|to_out\.0|[qkv]_proj|out_proj|ff\.net\.0\.proj|ff\.net\.2|fc[12]"
    r"|proj_in|proj_out",
    "everything": r".+",
}


def layers(network: nn.Module, which: str = "linear") -> dict[str, nn.Module]:
    """Return the layers of a network that a LoRA is trained for, by their paths."""
    return {
        path: layer
        for path, layer in network.named_modules()
        if isinstance(layer, (nn.Linear, nn.Conv2d))
        and re.search(rf"(?:^|\.)(?:{LAYERS[which]})$", path)
    }


@dataclass(frozen=True)
class Lora:
    """A LoRA without a layout: (part, path) -> its tensors by kohya's names."""

    tensors: Mapping[tuple[str, str], Mapping[str, Tensor]]


def lora(
    found: Parts, rank: int = 4, alpha: float | None = 2.0, which: str = "linear", seed: int = 2
) -> Lora:
    """Return a random LoRA for some layers of all networks, strong enough to show."""
    generator = torch.Generator().manual_seed(seed)
    made = {}
    for part, network in found.named.items():
        for path, layer in layers(network, which).items():
            out, *rest = layer.weight.shape
            ones = (1,) * (len(rest) - 1)
            tensors = {
                "down": 0.2 * torch.randn(rank, *rest, generator=generator),
                "up": 0.2 * torch.randn(out, rank, *ones, generator=generator),
            }
            if alpha is not None:
                tensors["alpha"] = torch.tensor(alpha)
            made[part, path] = tensors
    return Lora(made)


def words_path(path: str) -> str:
    """Return a text encoder's path as files have it, whatever the class calls it."""
    short = path.removeprefix("text_model.")
    return short if short.startswith("text_projection") else f"text_model.{short}"


def kohya_name(part: str, path: str, *, two: bool) -> str:
    """Return sd-scripts' name of a layer."""
    if part == "unet":
        return f"lora_unet_{path.replace('.', '_')}"
    first = {"text_encoder": "lora_te1" if two else "lora_te", "text_encoder_2": "lora_te2"}[part]
    return f"{first}_{words_path(path).replace('.', '_')}"


_SLOTS = {
    "kohya": {"down": "lora_down.weight", "up": "lora_up.weight", "alpha": "alpha"},
    "peft": {"down": "lora_A.weight", "up": "lora_B.weight", "alpha": "alpha"},
}


def kohya(made: Lora) -> dict[str, Tensor]:
    """Write it as sd-scripts does."""
    two = any(part == "text_encoder_2" for part, _ in made.tensors)
    return {
        f"{kohya_name(part, path, two=two)}.{_SLOTS['kohya'].get(slot, slot)}": tensor
        for (part, path), tensors in made.tensors.items()
        for slot, tensor in tensors.items()
    }


def kohya_original(made: Lora) -> dict[str, Tensor]:
    """Write it as sd-scripts does for SDXL, whose UNet it trains under its original names."""
    two = any(part == "text_encoder_2" for part, _ in made.tensors)
    return {
        f"{_kohya_original(part, path, two=two)}.{_SLOTS['kohya'].get(slot, slot)}": tensor
        for (part, path), tensors in made.tensors.items()
        for slot, tensor in tensors.items()
    }


def _kohya_original(part: str, path: str, *, two: bool) -> str:
    if part == "unet":
        return f"lora_unet_{original(path).replace('.', '_')}"
    return kohya_name(part, path, two=two)


def peft(made: Lora) -> dict[str, Tensor]:
    """Write it as diffusers does today; alphas are in the metadata alone."""
    return {
        f"{part}.{path if part == 'unet' else words_path(path)}.{_SLOTS['peft'][slot]}": tensor
        for (part, path), tensors in made.tensors.items()
        for slot, tensor in tensors.items()
        if slot != "alpha"
    }


def early(made: Lora) -> dict[str, Tensor]:
    """Write it as diffusers did before peft: `lora.down`, and processors for attention."""
    written = {}
    for (part, path), tensors in made.tensors.items():
        for slot, tensor in tensors.items():
            if slot != "alpha":
                written[f"{_early(part, path)}.{slot}.weight"] = tensor
    return written


def _early(part: str, path: str) -> str:
    if part != "unet":
        return f"{part}.{words_path(path)}.lora_linear_layer"
    head, _, last = path.replace("to_out.0", "to_out").rpartition(".")
    if last.startswith("to_"):
        return f"{part}.{head}.processor.{last}_lora"
    return f"{part}.{path}.lora"


def comfy(made: Lora) -> dict[str, Tensor]:
    """Write it under the original names with dots, as ComfyUI and newer trainers do."""
    clips = {"text_encoder": "clip_l", "text_encoder_2": "clip_g"}
    kind = "sdxl" if any(part == "text_encoder_2" for part, _ in made.tensors) else "sd1"
    written = {}
    for (part, path), tensors in made.tensors.items():
        if part == "unet":
            name = f"diffusion_model.{original(path, kind)}"
        else:
            name = f"text_encoders.{clips[part]}.transformer.{words_path(path)}"
        for slot, tensor in tensors.items():
            written[f"{name}.{_SLOTS['peft'][slot]}"] = tensor
    return written


ORIGINAL: Mapping[str, str] = {
    # Two groups with two blocks each; in SDXL three, attention in the second and third.
    "conv_in": "input_blocks.0.0",
    "down_blocks.0.resnets.0": "input_blocks.1.0",
    "down_blocks.0.attentions.0": "input_blocks.1.1",
    "down_blocks.0.resnets.1": "input_blocks.2.0",
    "down_blocks.0.attentions.1": "input_blocks.2.1",
    "down_blocks.0.downsamplers.0.conv": "input_blocks.3.0.op",
    "down_blocks.1.resnets.0": "input_blocks.4.0",
    "down_blocks.1.attentions.0": "input_blocks.4.1",
    "down_blocks.1.resnets.1": "input_blocks.5.0",
    "down_blocks.1.attentions.1": "input_blocks.5.1",
    "down_blocks.1.downsamplers.0.conv": "input_blocks.6.0.op",
    "down_blocks.2.resnets.0": "input_blocks.7.0",
    "down_blocks.2.attentions.0": "input_blocks.7.1",
    "down_blocks.2.resnets.1": "input_blocks.8.0",
    "down_blocks.2.attentions.1": "input_blocks.8.1",
    "mid_block.resnets.0": "middle_block.0",
    "mid_block.attentions.0": "middle_block.1",
    "mid_block.resnets.1": "middle_block.2",
    "up_blocks.0.resnets.0": "output_blocks.0.0",
    "up_blocks.0.attentions.0": "output_blocks.0.1",
    "up_blocks.0.resnets.1": "output_blocks.1.0",
    "up_blocks.0.attentions.1": "output_blocks.1.1",
    "up_blocks.0.resnets.2": "output_blocks.2.0",
    "up_blocks.0.attentions.2": "output_blocks.2.1",
    "up_blocks.1.resnets.0": "output_blocks.3.0",
    "up_blocks.1.attentions.0": "output_blocks.3.1",
    "up_blocks.1.resnets.1": "output_blocks.4.0",
    "up_blocks.1.attentions.1": "output_blocks.4.1",
    "up_blocks.1.resnets.2": "output_blocks.5.0",
    "up_blocks.1.attentions.2": "output_blocks.5.1",
    "up_blocks.2.resnets.0": "output_blocks.6.0",
    "up_blocks.2.resnets.1": "output_blocks.7.0",
    "up_blocks.2.resnets.2": "output_blocks.8.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_out": "out.2",
}
UPSAMPLERS: Mapping[str, str] = {
    # Behind the attention, where the group has one.
    "sd1 up_blocks.0.upsamplers.0.conv": "output_blocks.2.1.conv",
    "sdxl up_blocks.0.upsamplers.0.conv": "output_blocks.2.2.conv",
    "sdxl up_blocks.1.upsamplers.0.conv": "output_blocks.5.2.conv",
}
_RESIDUAL = {
    ".conv1": ".in_layers.2",
    ".time_emb_proj": ".emb_layers.1",
    ".conv2": ".out_layers.3",
    ".conv_shortcut": ".skip_connection",
}


def original(path: str, kind: str = "sdxl") -> str:
    """Return the original name of a UNet's layer."""
    if "upsamplers" in path and "down" not in path:
        return UPSAMPLERS[f"{kind} {path}"]
    first = max((name for name in ORIGINAL if path.startswith(name)), key=len)
    inner = path.removeprefix(first)
    return ORIGINAL[first] + _RESIDUAL.get(inner, inner)


Layout = Callable[[Lora], dict[str, Tensor]]
LAYOUTS: Mapping[str, Layout] = {
    "kohya": kohya,
    "kohya's original": kohya_original,
    "peft": peft,
    "early": early,
    "comfy": comfy,
}


def save(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any] | None = None
) -> Path:
    """Write a file; metadata that are no text are written as JSON."""
    told = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in (metadata or {}).items()
    }
    save_file(
        {name: tensor.contiguous().clone() for name, tensor in tensors.items()}, path, told or None
    )
    return path
