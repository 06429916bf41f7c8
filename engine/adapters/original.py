"""How the first Stable Diffusion code calls the layers of a UNet and of OpenCLIP's text tower.

Files with the original names count blocks through (`input_blocks.4.1`), where diffusers nests them
(`down_blocks.1.attentions.0`). The names are read off the network itself, so that they are right
for every depth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

_ENDS = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_RESIDUAL = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_TOWER = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}
_THIRDS = {"self_attn.q_proj": 0, "self_attn.k_proj": 1, "self_attn.v_proj": 2}
_LAYER = re.compile(r"encoder\.layers\.(\d+)\.(.+)")


def blocks(unet: nn.Module) -> dict[str, str]:
    """Return diffusers' path -> original path of a UNet's blocks and of its layers outside them.

    Empty for networks that are no UNet of blocks.
    """
    if not all(hasattr(unet, name) for name in ("down_blocks", "mid_block", "up_blocks")):
        return {}
    found = dict(_ENDS)
    found |= _numbered(unet.down_blocks, "down_blocks", "downsamplers", "input_blocks", 1)
    found |= _numbered(unet.up_blocks, "up_blocks", "upsamplers", "output_blocks", 0)
    found |= {
        "mid_block.resnets.0": "middle_block.0",
        "mid_block.attentions.0": "middle_block.1",
        "mid_block.resnets.1": "middle_block.2",
    }
    return found


def _numbered(groups: object, name: str, sampler: str, to: str, number: int) -> dict[str, str]:
    """Return the blocks of one side of the UNet; every sampler on the way down is a block."""
    found: dict[str, str] = {}
    for i, group in enumerate(groups):  # type: ignore[arg-type] - a ModuleList
        attended = bool(getattr(group, "attentions", None))
        for j in range(len(group.resnets)):
            found[f"{name}.{i}.resnets.{j}"] = f"{to}.{number}.0"
            if attended:
                found[f"{name}.{i}.attentions.{j}"] = f"{to}.{number}.1"
            number += 1
        if getattr(group, sampler, None):
            if sampler == "downsamplers":
                found[f"{name}.{i}.{sampler}.0.conv"] = f"{to}.{number}.0.op"
                number += 1
            else:
                found[f"{name}.{i}.{sampler}.0.conv"] = f"{to}.{number - 1}.{1 + attended}.conv"
    return found


def of_layer(path: str, known: dict[str, str]) -> str | None:
    """Return what the original code calls a UNet's layer; `known` are its `blocks`."""
    if path in known:
        return known[path]
    block, inner = _cut(path)
    if block not in known:
        return None
    inner = _RESIDUAL.get(inner, inner) if ".resnets." in block else inner
    return f"{known[block]}.{inner}"


def _cut(path: str) -> tuple[str, str]:
    """Return a path's block and what lies in it: `mid_block.resnets.0`, `conv1`."""
    parts = path.split(".")
    for i, part in enumerate(parts):
        if part in ("resnets", "attentions"):
            return ".".join(parts[: i + 2]), ".".join(parts[i + 2 :])
    return path, ""


def of_tower(path: str) -> Iterator[tuple[str, int | None]]:
    """Yield what OpenCLIP calls a layer of a text tower, and which third of it the layer is.

    OpenCLIP holds the three projections of an attention in one matrix, query, key, value.
    """
    if path == "final_layer_norm":
        yield "ln_final", None
    match = _LAYER.fullmatch(path)
    if match is None:
        return
    place = f"transformer.resblocks.{match[1]}"
    if match[2] in _TOWER:
        yield f"{place}.{_TOWER[match[2]]}", None
    elif match[2] in _THIRDS:
        yield f"{place}.attn.in_proj", _THIRDS[match[2]]
