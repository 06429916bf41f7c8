"""LoRAs and LyCORIS: the way they are named, the method, and the models they are for.

Three ways of naming are common: that of peft and diffusers (`unet.down_blocks...lora_A.weight`),
that of kohya (`lora_unet_down_blocks_...lora_down.weight`), and the names of the original network
(`diffusion_model.double_blocks.0.img_attn.qkv.lora_A.weight`). What they are for is told by the
blocks they change and by how wide the text is that these attend to; metadata decides only what the
tensors leave open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from engine.checkpoints.headers import Header
from engine.checkpoints.kinds import FAMILIES, Identity
from engine.checkpoints.tensors import Tensors, precision, size

_METHODS = {  # the end of a tensor's name -> the method; the first that is there counts
    ".hada_w1_a": "loha",
    ".hada_w2_a": "loha",
    ".lokr_w1": "lokr",
    ".lokr_w1_a": "lokr",
    ".lokr_w2": "lokr",
    ".oft_blocks": "oft",
    ".oft_diag": "oft",
    ".oft_R.weight": "oft",
    ".a1.weight": "glora",
    ".on_input": "ia3",
    ".lora_mid.weight": "locon",
    ".diff": "full",
    ".dora_scale": "dora",
    ".lora_magnitude_vector": "dora",
    ".lora_magnitude_vector.weight": "dora",
}
_LOW_RANK = re.compile(
    r"[._](lora_down|lora_up|lora_A|lora_B|lora\.down|lora\.up|lora_linear_layer\.(down|up))"
    r"(\.default)?(\.weight)?$"
)
_LYCORIS = frozenset({"loha", "lokr", "oft", "glora", "ia3", "locon", "full"})
_CONTEXTS = {768: "sd1", 1024: "sd2", 2048: "sdxl", 1280: "sdxl-refiner"}
_TEXTS = {768: "sd1", 1024: "sd2"}
_BASES = (  # parts of what metadata calls the base, in the order in which they are looked for
    ("sdxl", "sdxl"),
    ("stable-diffusion-xl", "sdxl"),
    ("stable-diffusion-v1", "sd1"),
    ("sd_v1", "sd1"),
    ("stable-diffusion-v2", "sd2"),
    ("sd_v2", "sd2"),
    ("stable-diffusion-3", "sd3"),
    ("sd3", "sd3"),
    ("chroma", "chroma"),
    ("flux-2", "flux2"),
    ("flux2", "flux2"),
    ("flux", "flux1"),
    ("z-image", "z-image"),
    ("zimage", "z-image"),
    ("qwen", "qwen-image"),
)
_OPEN = "Which models it is for is written neither in its tensors nor in its metadata."
_Blocks = Mapping[str, str]
_BY_BLOCKS: _Blocks = {  # blocks that only one kind of network has, with . and _ alike
    "single_stream_modulation": "flux2",
    "to_qkv_mlp_proj": "flux2",
    "distilled_guidance_layer": "chroma",
    "joint_blocks_": "sd3",
    "noise_refiner_": "z-image",
    "context_refiner_": "z-image",
    "img_mod_1": "qwen-image",
    "txt_mod_1": "qwen-image",
    "img_mlp_net": "qwen-image",
    "txt_mlp_net": "qwen-image",
    "double_blocks_": "flux1",
    "single_blocks_": "flux1",
    "single_transformer_blocks_": "flux1",
}


def lora_of(header: Header) -> Identity | None:
    """Return what a LoRA or LyCORIS is and what it is for, None where it is neither."""
    method = _method(header.tensors)
    if method is None:
        return None
    architecture, note = _architecture(header)
    return Identity(
        kind="lycoris" if method in _LYCORIS else "lora",
        family=FAMILIES.get(architecture or ""),
        architecture=architecture,
        variant=None if method == "lora" else method,
        precision=precision(header.tensors),
        parts=_parts(header.tensors),
        part_bytes={"weights": size(header.tensors)},
        layout=_layout(header.tensors),
        notes=(note,) if note else (),
    )


def _method(tensors: Tensors) -> str | None:
    found = {method for name in tensors for end, method in _METHODS.items() if name.endswith(end)}
    for method in dict.fromkeys(_METHODS.values()):
        if method in found:
            return method
    low_rank = [info for name, info in tensors.items() if _LOW_RANK.search(name)]
    if not low_rank:
        return None
    return "locon" if any(len(i.shape) == 4 and i.shape[-1] > 1 for i in low_rank) else "lora"


def _layout(tensors: Tensors) -> str:
    name = next(iter(tensors))
    if any(
        n.startswith(("lora_unet_", "lora_te", "lora_transformer_", "lycoris_")) for n in tensors
    ):
        return "kohya"
    if any(".processor." in n or ".lora_linear_layer." in n for n in tensors):
        return "diffusers-old"
    if name.startswith(("diffusion_model.", "double_blocks.", "single_blocks.", "text_encoders.")):
        return "original"
    return "peft"


def _parts(tensors: Tensors) -> tuple[str, ...]:
    heads = {
        "text_encoder": ("lora_te_", "lora_te1_", "text_encoder.", "text_encoders.clip_l."),
        "text_encoder_2": ("lora_te2_", "text_encoder_2.", "text_encoders.clip_g."),
        "text_encoder_3": ("lora_te3_", "text_encoder_3.", "text_encoders.t5xxl."),
    }
    found = [part for part, starts in heads.items() if any(n.startswith(starts) for n in tensors)]
    every = tuple(start for starts in heads.values() for start in starts)
    paints = any(not name.startswith(every) for name in tensors)
    return (*(("network",) if paints else ()), *found)


def _architecture(header: Header) -> tuple[str | None, str]:
    flat = {name.replace(".", "_"): info for name, info in header.tensors.items()}
    found = _by_blocks(flat) or _transformer(flat) or _unet(flat)
    told = _told(header.metadata)
    if found == "flux1" and told in ("chroma", "flux2"):
        return told, ""  # Chroma's blocks that matter are FLUX.1's
    if found is not None:
        return found, ""
    return (told, "") if told else (_by_text(flat), _OPEN if _by_text(flat) is None else "")


def _by_blocks(flat: Tensors) -> str | None:
    for block, architecture in _BY_BLOCKS.items():
        if any(block in name for name in flat):
            if architecture != "flux1":
                return architecture
            return "flux2" if _has_wide_blocks(flat) else "flux1"
    return None


def _has_wide_blocks(flat: Tensors) -> bool:
    """FLUX.2 widens to nine times its width where FLUX.1 does to seven (`linear1`)."""
    down = next((i for n, i in flat.items() if re.search(r"linear1.*(down|lora_A)", n)), None)
    up = next((i for n, i in flat.items() if re.search(r"linear1.*(up|lora_B)", n)), None)
    if down is None or up is None or len(down.shape) < 2:
        return False
    return up.shape[0] == 9 * down.shape[1]


def _transformer(flat: Tensors) -> str | None:
    """Tell transformers that share block names: by what they attend with, and by width."""
    if any(re.search(r"(^|_)layers_\d+_(attention|feed_forward|adaLN)", name) for name in flat):
        return "z-image"
    if not any(re.search(r"(?<!single_)transformer_blocks_\d+_attn_(to|add)_", n) for n in flat):
        return None
    if any(re.search(r"_ff_(linear_in|linear_out)", name) for name in flat):
        return "flux2"
    numbers = [int(m[1]) for n in flat if (m := re.search(r"transformer_blocks_(\d+)_", n))]
    if max(numbers, default=0) > 37:  # SD3.5 large, the longest of its kind, has 38
        return "qwen-image"
    return "sd3" if any("_ff_context_" in n or "_attn2_" in n for n in flat) else None


def _unet(flat: Tensors) -> str | None:
    if any(n.startswith(("lora_te2_", "text_encoder_2_")) for n in flat):
        return "sdxl"
    unet = {
        n: i for n, i in flat.items() if re.search(r"(down|up|mid|input|output|middle)_block", n)
    }
    if not unet:
        return None
    context = _width(unet, r"attn2_(to_k|to_v|processor_to_k_lora).*(down|lora_A|hada_w1_b|_diff)")
    if context in _CONTEXTS:
        return _CONTEXTS[context]
    if any(re.search(r"transformer_blocks_[1-9]", name) for name in unet):
        return "sdxl"
    first = r"down_blocks_0_attentions|input_blocks_[12]_1_|up_blocks_3_attentions"
    if any(re.search(first, name) for name in unet):
        return _by_text(flat) or ("sd2" if _is_linear(unet) else "sd1")
    return None


def _is_linear(unet: Tensors) -> bool:
    projections = [i for n, i in unet.items() if re.search(r"proj_in.*(down|lora_A)", n)]
    return bool(projections) and all(len(info.shape) == 2 for info in projections)


def _by_text(flat: Tensors) -> str | None:
    wide = _width(
        flat, r"(lora_te_|text_encoder_)text_model.*(q_proj|k_proj|mlp_fc1).*(down|lora_A)"
    )
    return _TEXTS.get(wide or 0)


def _width(flat: Tensors, pattern: str) -> int | None:
    found = next((i for n, i in flat.items() if re.search(pattern, n) and len(i.shape) > 1), None)
    return None if found is None else found.shape[1]


def _told(metadata: Mapping[str, str]) -> str | None:
    names = ("modelspec.architecture", "ss_base_model_version", "ss_sd_model_name")
    return next((a for name in names if (a := _named(metadata.get(name, "").lower()))), None)


def _named(text: str) -> str | None:
    bases: Iterable[tuple[str, str]] = _BASES
    return next((architecture for part, architecture in bases if part in text), None)
