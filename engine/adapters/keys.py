"""The names of tensors in LoRA files: which layer one belongs to, and what it is there.

Trainers write `lora_unet_mid_block_..._to_q.lora_down.weight` (kohya, LyCORIS),
`unet.mid_block...to_q.lora_A.weight` (peft, diffusers),
`unet.mid_block...attn1.processor.to_q_lora.down.weight` (early diffusers), or
`diffusion_model.middle_block...to_q.lora_up.weight` (ComfyUI). Here a name is only taken apart;
`places` knows which layer of which network it means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

# How a name ends: what the tensor is to its layer.
_ENDS: Mapping[str, str] = {
    r"\.lora_down\.weight": "down",
    r"\.lora_up\.weight": "up",
    r"\.lora_mid\.weight": "mid",
    r"\.lora_A(?:\.\w+)?\.weight": "down",
    r"\.lora_B(?:\.\w+)?\.weight": "up",
    r"\.lora(?:_linear_layer)?\.down\.weight": "down",
    r"\.lora(?:_linear_layer)?\.up\.weight": "up",
    r"_lora\.down\.weight": "down",
    r"_lora\.up\.weight": "up",
    r"\.lora_(?:up|B(?:\.\w+)?)\.bias": "up_bias",
    r"(?:\.lora|_lora|\.lora_linear_layer)?\.alpha": "alpha",
    r"\.dora_scale": "dora_scale",
    r"\.lora_magnitude_vector(?:\.\w+)?(?:\.weight)?": "magnitude",
    r"\.on_input": "on_input",
    r"\.weight": "weight",
    r"\.diff": "diff",
    r"\.diff_b": "diff_b",
    r"\.w_norm": "diff",
    r"\.b_norm": "diff_b",
}
_OTHERS = r"\.(hada_(?:w[12]_[ab]|t[12])|lokr_(?:w[12](?:_[ab])?|t2))"
_NAME = re.compile(
    r"(?P<layer>.+?)(?:"
    + "|".join(f"(?P<k{i}>{end})" for i, end in enumerate(_ENDS))
    + f"|(?P<other>{_OTHERS}))"
)
_SLOTS = tuple(_ENDS.values())
_SELF = {"to_q": "q_proj", "to_k": "k_proj", "to_v": "v_proj", "to_out": "out_proj"}


class Key(NamedTuple):
    """A tensor's name, taken apart."""

    layer: str  # as the file calls it
    slot: str  # what the tensor is to the layer: down, up, alpha, hada_w1_a...


def parted(name: str) -> Key | None:
    """Return a tensor's name taken apart, None where nobody is known to write such a name."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    layer = match["layer"]
    if match["other"]:
        return Key(layer, match["other"].lstrip("."))
    slot = next(slot for i, slot in enumerate(_SLOTS) if match[f"k{i}"])
    return Key(_modern(layer), slot)


def grouped(names: Iterable[str]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Return layer -> slot -> tensor's name for what can be read, and the names of what cannot."""
    layers: dict[str, dict[str, str]] = {}
    unread: list[str] = []
    for name in names:
        key = parted(name)
        if key is None:
            unread.append(name)
        else:
            layers.setdefault(key.layer, {})[key.slot] = name
    return layers, unread


def _modern(layer: str) -> str:
    """Return an attention's layer as it is called since its projections are layers themselves."""
    head, _, last = layer.rpartition(".")
    if head.endswith(".processor"):
        return f"{head.removesuffix('.processor')}.{'to_out.0' if last == 'to_out' else last}"
    if head.endswith(".self_attn"):
        return f"{head}.{_SELF.get(last, last)}"
    return layer
