"""What models are put together from: autoencoders, encoders of text and pictures, and guides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine.checkpoints import hints
from engine.checkpoints.kinds import FAMILIES, Identity, Kind
from engine.checkpoints.tensors import Tensors, any_under, precision, size, width

CLIP_WIDTHS = {768: "clip-l", 1024: "clip-h", 1280: "clip-g"}
QWEN_WIDTHS = {2560: "qwen3-4b", 4096: "qwen3-8b"}
_EMBEDDINGS = {768: "sd1", 1024: "sd2", 1280: "sdxl"}
_EMBEDDING_NAMES = ("emb_params", "clip_l", "clip_g", "t5xxl")
_LARGEST_EMBEDDING = 4 * 2**20  # bytes
_NUMBERED = re.compile(r"^\d+\.weight$")
LATER = "Pictures that guide the painting are not supported yet: it is listed only."


def vae_of(tensors: Tensors, title: str, metadata: Mapping[str, str]) -> Identity | None:
    """Return whose autoencoder a file is, by its latent channels and what only it has."""
    tiny = _tiny_vae(tensors, title)
    if tiny is not None:
        return _component("vae", tensors, tiny)
    if "quantize.embedding.weight" in tensors and any_under(tensors, "decoder."):
        return _component("vae", tensors, "kandinsky22")
    if any_under(
        tensors, "decoder.middle.0.residual.0.gamma", "decoder.mid_block.resnets.0.norm1.g"
    ):
        return _component(
            "vae", tensors, "qwen-image", ("Wan's autoencoder has the same tensors.",)
        )
    channels = width(tensors, "decoder.conv_in.weight")
    if channels is None or "decoder.conv_out.weight" not in tensors:
        return None
    if channels == 32:
        return _component("vae", tensors, "flux2")
    if channels == 16:
        note = "FLUX.1, Z-Image and SD3 have autoencoders with the same tensors."
        sd3 = "sd3" in hints.words_of(title, metadata)
        return _component("vae", tensors, "sd3" if sd3 else "flux1", (note,))
    if channels != 4:
        return _component("vae", tensors, None, (f"Its latents have {channels} channels.",))
    xl = hints.words_of(title, metadata) & {"xl", "sdxl"}
    note = "SD 1.x, SD 2.x and SDXL have autoencoders with the same tensors: its name tells which."
    return _component("vae", tensors, "sdxl" if xl else "sd1", (note,))


def _tiny_vae(tensors: Tensors, title: str) -> str | None:
    """TAESD and its kin: a whole one (diffusers) or one of its halves, numbered layers only."""
    channels = width(tensors, "decoder.layers.0.weight")
    if channels is None and "1.conv.0.weight" in tensors:  # the encoder: its last layer's output
        numbers = [int(name[:-7]) for name in tensors if _NUMBERED.match(name)]
        channels = width(tensors, f"{max(numbers, default=0)}.weight", 0)
    elif channels is None and "3.conv.0.weight" in tensors:
        channels = width(tensors, "1.weight")
    if channels is None:
        return None
    words = hints.words_of(title, {})
    if channels == 16:
        return "tiny-sd3" if words & {"taesd3", "sd3"} else "tiny-flux1"
    if channels == 32:
        return "tiny-flux2"
    return "tiny-sdxl" if words & {"taesdxl", "xl", "sdxl"} else "tiny-sd1"


def encoder_of(tensors: Tensors) -> Identity | None:
    """Return which text encoder, image encoder, CLIP of both, or safety checker a file is."""
    if "concept_embeds" in tensors and "special_care_embeds" in tensors:
        return _component("safety checker", tensors, "clip-l")
    text, sight = _clip_text(tensors), _clip_sight(tensors)
    if sight:
        found = _component("image encoder", tensors, text or _sight_width(tensors))
        return _with_parts(found, tensors, text is not None)
    if text:
        return _component("text encoder", tensors, text)
    language = _language(tensors)
    return None if language is None else _component("text encoder", tensors, language)


def _clip_text(tensors: Tensors) -> str | None:
    # As transformers writes it before and after its version 5, and as OpenCLIP does.
    for wrapping in ("text_model.embeddings.", "embeddings.", ""):
        wide = width(tensors, f"{wrapping}token_embedding.weight")
        if wide is not None:
            return CLIP_WIDTHS.get(wide, "clip")
    return None


def _clip_sight(tensors: Tensors) -> bool:
    return any_under(tensors, "vision_model.embeddings.patch_embedding.", "visual.conv1.")


def _sight_width(tensors: Tensors) -> str:
    wide = width(tensors, "vision_model.embeddings.patch_embedding.weight", 0)
    siglip = any_under(tensors, "vision_model.head.")
    names = {1024: "clip-l", 1280: "clip-h", 1664: "clip-g"}
    return "siglip" if siglip else names.get(wide or 0, "clip")


def _language(tensors: Tensors) -> str | None:
    if any_under(tensors, "encoder.block.0.layer.0.SelfAttention."):
        wide = width(tensors, "shared.weight") or width(tensors, "encoder.embed_tokens.weight")
        umt5 = any_under(tensors, "encoder.block.1.layer.0.SelfAttention.relative_attention_bias")
        return "umt5" if umt5 else {4096: "t5-xxl"}.get(wide or 0, "t5")
    inside = next(
        (p for p in ("model.", "") if any_under(tensors, f"{p}layers.0.self_attn.")), None
    )
    if inside is None:
        inside = "model.language_model."
    wide = width(tensors, f"{inside}embed_tokens.weight")
    if wide is None:
        return None
    if any_under(tensors, "visual.", "model.visual."):
        return "qwen2.5-vl"
    if any_under(tensors, f"{inside}layers.0.self_attn.q_norm."):
        return QWEN_WIDTHS.get(wide, "qwen3")
    if any_under(tensors, f"{inside}layers.0.pre_feedforward_layernorm."):
        return "gemma2"
    return "mistral" if wide == 5120 else "llama"


def embedding_of(tensors: Tensors) -> Identity | None:
    """Return for whom a textual inversion is, by the widths of its vectors."""
    if not tensors or len(tensors) > 3 or size(tensors) > _LARGEST_EMBEDDING:
        return None
    named = {name: info for name, info in tensors.items() if name in _EMBEDDING_NAMES}
    vectors = list((named or tensors).values())
    if any(len(info.shape) not in (1, 2) for info in vectors):
        return None
    if {"clip_l", "clip_g"} <= named.keys():
        return _component("embedding", tensors, "sdxl")
    architecture = _EMBEDDINGS.get(vectors[0].shape[-1])
    if architecture is None and not named:
        return None
    return _component("embedding", tensors, architecture)


def guide_of(tensors: Tensors) -> Identity | None:
    """Return what guides a painting by a picture: ControlNets, T2I-Adapters, IP-Adapters."""
    for variant, prefixes in _GUIDES.items():
        if any_under(tensors, *prefixes):
            found = _component("controlnet", tensors, _guided(tensors), reason=LATER)
            return _varied(found, variant)
    return None


_GUIDES = {
    "controlnet": (
        "control_model.",
        "controlnet_cond_embedding.",
        "controlnet_blocks.",
        "controlnet_x_embedder.",
        "input_hint_block.",
        "control_all_x_embedder.",
        "lora_controlnet",
    ),
    "ip-adapter": ("ip_adapter.", "image_proj."),
    "t2i-adapter": ("adapter.body.", "adapter.conv_in."),
}


def _guided(tensors: Tensors) -> str | None:
    if any_under(tensors, "control_all_x_embedder."):
        return "z-image"
    if any_under(tensors, "transformer_blocks.0.img_mod."):
        return "qwen-image"
    if any_under(tensors, "single_transformer_blocks.", "double_blocks.", "controlnet_x_embedder."):
        return "flux1"
    if any_under(tensors, "transformer_blocks.0.attn.add_k_proj."):
        return "sd3"
    if any_under(tensors, "add_embedding.linear_1.", "control_model.label_emb."):
        return "sdxl"
    context = _context(tensors)
    return {768: "sd1", 1024: "sd2", 2048: "sdxl"}.get(context or 0)


def _context(tensors: Tensors) -> int | None:
    ends = ("attn2.to_k.weight", ".to_k_ip.weight")
    return next((i.shape[-1] for n, i in tensors.items() if n.endswith(ends)), None)


def foreign_upscaler(tensors: Tensors) -> Identity | None:
    """Return the identity of an upscaling network that the extra `spandrel` may know."""
    if not any_under(tensors, *_FOREIGN_UPSCALERS):
        return None
    note = "This network is not built in: it needs the extra `spandrel`."
    return _component("upscaler", tensors, "other", (note,))


_FOREIGN_UPSCALERS = tuple(  # SwinIR and its kin, HAT and DAT, OmniSR, SPAN, PLKSR
    f"{wrapping}{start}"
    for wrapping in ("", "params_ema.", "params.")
    for start in (
        "layers.0.residual_group.",
        "before_RG.",
        "residual_layer.0.residual_layer.",
        "block_1.c1_r.",
        "feats.1.lk.",
    )
)


def _component(
    kind: Kind,
    tensors: Tensors,
    architecture: str | None,
    notes: Iterable[str] = (),
    reason: str = "",
) -> Identity:
    bare = (architecture or "").removeprefix("tiny-")
    part = kind.replace(" ", "_")
    return Identity(
        kind=kind,
        family=FAMILIES.get(bare),
        architecture=architecture,
        precision=precision(tensors),
        parts=(part,),
        part_bytes={part: size(tensors)},
        notes=tuple(notes),
        reason=reason,
    )


def _with_parts(found: Identity, tensors: Tensors, has_text: bool) -> Identity:
    if not has_text:
        return found
    seen = {n: i for n, i in tensors.items() if n.startswith(("vision_model.", "visual"))}
    sight = sum(info.bytes for info in seen.values())
    bytes_of = {"image_encoder": sight, "text_encoder": size(tensors) - sight}
    return replace(found, parts=tuple(bytes_of), part_bytes=bytes_of)


def _varied(found: Identity, variant: str) -> Identity:
    return replace(found, variant=variant)
