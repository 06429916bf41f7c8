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

_ENDS: Mapping[str, str] = {  # how a name ends -> what the tensor is to its layer
    "lora_down.weight": "down",
    "lora_up.weight": "up",
    "lora_mid.weight": "mid",
    "lora_A.weight": "down",
    "lora_B.weight": "up",
    "lora.down.weight": "down",
    "lora.up.weight": "up",
    "lora_linear_layer.down.weight": "down",
    "lora_linear_layer.up.weight": "up",
    "lora_up.bias": "up_bias",
    "lora_B.bias": "up_bias",
    "alpha": "alpha",
    "lora.alpha": "alpha",
    "lora_linear_layer.alpha": "alpha",
    "dora_scale": "dora_scale",
    "lora_magnitude_vector": "magnitude",
    "lora_magnitude_vector.weight": "magnitude",
    "on_input": "on_input",
    "weight": "weight",
    "diff": "diff",
    "diff_b": "diff_b",
    "w_norm": "diff",
    "b_norm": "diff_b",
    **{f"hada_{name}": f"hada_{name}" for name in ("w1_a", "w1_b", "w2_a", "w2_b", "t1", "t2")},
    **{f"lokr_{name}": f"lokr_{name}" for name in ("w1", "w1_a", "w1_b")},
    **{f"lokr_{name}": f"lokr_{name}" for name in ("w2", "w2_a", "w2_b", "t2")},
}
_LONGEST = 3  # parts between dots that a name ends with
_ADAPTER = re.compile(r"(\.lora_(?:A|B|magnitude_vector))\.(?!weight$|bias$)\w+")  # peft's own name
_JOINED = re.compile(r"_lora\.(down|up)\.weight$|_lora\.(alpha)$")
_SELF = {"to_q": "q_proj", "to_k": "k_proj", "to_v": "v_proj", "to_out": "out_proj"}


class Key(NamedTuple):
    """A tensor's name, taken apart."""

    layer: str  # as the file calls it
    slot: str  # what the tensor is to the layer: down, up, alpha, hada_w1_a...


def parted(name: str) -> Key | None:
    """Return a tensor's name taken apart, None where nobody is known to write such a name."""
    joined = _JOINED.search(name)
    if joined is not None:
        return Key(_modern(name[: joined.start()]), joined[1] or joined[2])
    if ".lora_" in name:
        name = _ADAPTER.sub(r"\1", name)
    parts = name.rsplit(".", _LONGEST)
    for first in range(1, len(parts)):  # the longest end counts
        slot = _ENDS.get(".".join(parts[first:]))
        if slot is not None:
            return Key(_modern(".".join(parts[:first])), slot)
    return None


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
