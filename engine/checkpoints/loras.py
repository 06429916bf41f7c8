"""LoRAs and LyCORIS: the way they are named, the method, and the models they are for.

Three ways of naming are common: that of peft and diffusers (`unet.down_blocks...lora_A.weight`),
that of kohya (`lora_unet_down_blocks_...lora_down.weight`), and the names of the original network
(`diffusion_model.double_blocks.0.img_attn.qkv.lora_A.weight`). What they are for is told by the
blocks they change and by how wide the text is that these attend to; metadata decides only what the
tensors leave open.

All names are searched at once, in one text: these files have thousands of them, and there are
thousands of these files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.checkpoints.headers import Header, TensorInfo
from engine.checkpoints.kinds import FAMILIES, Identity
from engine.checkpoints.tensors import Tensors, any_under, precision, size

_METHODS = {  # the last part of a tensor's name -> the method; of several the first counts
    "hada_w1_a": "loha",
    "hada_w2_a": "loha",
    "lokr_w1": "lokr",
    "lokr_w1_a": "lokr",
    "lokr_w2": "lokr",
    "oft_blocks": "oft",
    "oft_diag": "oft",
    "on_input": "ia3",
    "diff": "full",
}
_BEFORE_WEIGHT = {"oft_R.weight": "oft", ".a1.weight": "glora", "lora_mid.weight": "locon"}
_DORA = ("dora_scale", "lora_magnitude_vector")
_LOW_RANK = re.compile(
    r"[._](lora_down|lora_up|lora_A|lora_B|lora\.down|lora\.up|lora_linear_layer\.(down|up))"
    r"(\.default)?(\.weight)?$",
    re.MULTILINE,
)
_LYCORIS = frozenset({"loha", "lokr", "oft", "glora", "ia3", "locon", "full"})
_KOHYA = ("lora_unet_", "lora_te", "lora_transformer_", "lycoris_")
_PARTS = {
    "text_encoder": ("lora_te_", "lora_te1_", "text_encoder.", "text_encoders.clip_l."),
    "text_encoder_2": ("lora_te2_", "text_encoder_2.", "text_encoders.clip_g."),
    "text_encoder_3": ("lora_te3_", "text_encoder_3.", "text_encoders.t5xxl."),
}
_TEXT_PARTS = tuple(start for starts in _PARTS.values() for start in starts)
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
_BY_BLOCKS = {  # blocks that only one kind of network has, with _ for every .
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
_UNET = r"down_block|up_block|mid_block|input_block|output_block|middle_block"
_LONGEST_SD3 = 37  # the number of SD3.5 large's last block


def lora_of(header: Header) -> Identity | None:
    """Return what a LoRA or LyCORIS is and what it is for, None where it is neither."""
    method = _method(header.tensors)
    if method is None:
        return None
    architecture, note = _Names(header).architecture()
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
    ends = {name.rpartition(".")[2] for name in tensors}
    method = next((method for end, method in _METHODS.items() if end in ends), None)
    if method is not None:
        return method
    text = tensors.text
    method = next((method for part, method in _BEFORE_WEIGHT.items() if part in text), None)
    if method is not None:
        return method
    if "lora" not in text or not _LOW_RANK.search(text):
        return None
    if any(part in text for part in _DORA):
        return "dora"
    return "locon" if _has_kernels(tensors) else "lora"


def _has_kernels(tensors: Tensors) -> bool:
    shapes = [info.shape for info in tensors.values()]
    if max(map(len, shapes)) < 4:
        return False
    return any(len(shape) == 4 and shape[-1] > 1 for shape in shapes)


def _layout(tensors: Tensors) -> str:
    if any_under(tensors, *_KOHYA):
        return "kohya"
    if ".processor." in tensors.text or ".lora_linear_layer." in tensors.text:
        return "diffusers-old"
    original = ("diffusion_model.", "double_blocks.", "single_blocks.", "text_encoders.")
    return "original" if any_under(tensors, *original) else "peft"


def _parts(tensors: Tensors) -> tuple[str, ...]:
    found = [part for part, starts in _PARTS.items() if any_under(tensors, *starts)]
    paints = any(not name.startswith(_TEXT_PARTS) for name in tensors)
    return (*(("network",) if paints else ()), *found)


class _Names:
    """The names of a LoRA's tensors as one text, . and _ alike, to search all of them at once."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._flat = header.tensors.text.replace(".", "_")

    def architecture(self) -> tuple[str | None, str]:
        """Return what it is for, or None and a note."""
        blocks = self._unet() if self._has(_UNET) else self._by_blocks() or self._transformer()
        found = blocks or self._by_second_text()
        told = _told(self._header.metadata)
        if found == "flux1" and told in ("chroma", "flux2"):
            return told, ""  # Chroma's blocks that matter are FLUX.1's
        found = found or told or self._by_text()
        return found, "" if found else _OPEN

    def _has(self, pattern: str) -> bool:
        return re.search(pattern, self._flat) is not None

    def _info(self, pattern: str) -> TensorInfo | None:
        """Return what the header says of the first tensor whose name matches."""
        match = re.search(pattern, self._flat)
        if match is None:
            return None
        start = self._flat.rfind("\n", 0, match.start() + 1) + 1
        end = self._flat.find("\n", match.end())
        name = self._header.tensors.text[start : None if end < 0 else end]
        return self._header.tensors[name]

    def _width(self, pattern: str) -> int | None:
        info = self._info(pattern)
        return info.shape[1] if info is not None and len(info.shape) > 1 else None

    def _by_blocks(self) -> str | None:
        for block, architecture in _BY_BLOCKS.items():
            if block in self._flat:
                return "flux2" if architecture == "flux1" and self._is_wide() else architecture
        return None

    def _is_wide(self) -> bool:
        """FLUX.2 widens to nine times its width where FLUX.1 does to seven (`linear1`)."""
        taken = self._width(r"linear1[^\n]*(?:down|lora_A)")
        made = self._info(r"linear1[^\n]*(?:up|lora_B)")
        return taken is not None and made is not None and made.shape[0] == 9 * taken

    def _transformer(self) -> str | None:
        """Tell transformers that share block names: by what they attend with, and by length."""
        if self._has(r"(?:\n|_)layers_\d+_(?:attention|feed_forward|adaLN)"):
            return "z-image"
        if not self._has(r"transformer_blocks_\d+_attn_(?:to|add)_"):
            return None
        if self._has(r"_ff_linear_(?:in|out)"):
            return "flux2"
        numbers = [int(n) for n in re.findall(r"transformer_blocks_(\d{1,5})_", self._flat)]
        if max(numbers, default=0) > _LONGEST_SD3:
            return "qwen-image"
        return "sd3" if self._has(r"_ff_context_|_attn2_") else None

    def _unet(self) -> str | None:
        context = self._width(
            r"attn2_(?:to_k|to_v|processor_to_k_lora)[^\n]*(?:down|lora_A|hada_w1_b|_diff)"
        )
        if context in _CONTEXTS:
            return _CONTEXTS[context]
        if self._has(r"transformer_blocks_[1-9]"):
            return "sdxl"
        if self._has(r"down_blocks_0_attentions|input_blocks_[12]_1_|up_blocks_3_attentions"):
            return self._by_text() or ("sd2" if self._is_linear() else "sd1")
        return None

    def _by_second_text(self) -> str | None:
        return "sdxl" if self._has(r"\n(?:lora_te2_|text_encoder_2_)text_model") else None

    def _is_linear(self) -> bool:
        projection = self._info(r"proj_in[^\n]*(?:down|lora_A)")
        return projection is not None and len(projection.shape) == 2

    def _by_text(self) -> str | None:
        wide = self._width(
            r"(?:lora_te_|text_encoder_)text_model[^\n]*(?:q_proj|k_proj|mlp_fc1)[^\n]*"
            r"(?:down|lora_A)"
        )
        return _TEXTS.get(wide or 0)


def _told(metadata: Mapping[str, str]) -> str | None:
    names = ("modelspec.architecture", "ss_base_model_version", "ss_sd_model_name")
    return next((a for name in names if (a := _named(metadata.get(name, "").lower()))), None)


def _named(text: str) -> str | None:
    return next((architecture for part, architecture in _BASES if part in text), None)
