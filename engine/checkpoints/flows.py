"""Flow-matching transformers, told by blocks that only they have; and others known by name only.

Both ways of naming are known: the authors' own (also behind `model.diffusion_model.`) and that of
diffusers. What shares every tensor with another edition (Kontext with dev, an edit model with its
base, a distilled one with its teacher) is told by hints or left open, with a note.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.checkpoints import hints
from engine.checkpoints.latents import Network
from engine.checkpoints.tensors import Tensors, any_under, width

FLUX_FILL, FLUX_CONTROL = 384, 128  # what FLUX.1's first layer takes: with picture and mask; a map
KLEIN_4B = 3072  # its width; klein 9B has 4096, dev 6144
_KNOWN_BY_NAME = {  # a tensor that nothing else has -> what it is called
    "double_layers.0.attn.w1q.weight": "auraflow",
    "clip_txt_mapper.weight": "stable-cascade",
    "clip_mapper.weight": "stable-cascade",
    "mlp_t5.0.weight": "hunyuan-dit",
    "t_block.1.weight": "pixart",
    "txt_in.individual_token_refiner.blocks.0.norm1.weight": "hunyuan-video",
    "t5_yproj.weight": "mochi",
    "head.modulation": "wan",
    "condition_embedder.time_proj.weight": "wan",
    "patchify_proj.weight": "ltx-video",
    "double_stream_blocks.0.block.adaLN_modulation.1.bias": "hidream",
    "blocks.0.cross_attn.q_linear.weight": "sana",
    "blocks.block0.blocks.0.block.attn.to_q.0.weight": "cosmos",
    "txt_in.text_norm.weight": "qwen-image-2",
    "txtfusion.projector.weight": "krea2",
}


def flow_of(network: Tensors, title: str, metadata: Mapping[str, str]) -> Network | None:
    """Return what a transformer is, None where it is none that is known, not even by name."""
    words = hints.words_of(title, metadata)
    for tell in (_sd3, _chroma, _flux2, _flux1, _z_image, _qwen_image):
        found = tell(network, words)
        if found is not None:
            return found
    name = next((name for key, name in _KNOWN_BY_NAME.items() if key in network), None)
    return None if name is None else Network(name)


def _sd3(network: Tensors, words: frozenset[str]) -> Network | None:
    original = "joint_blocks.0.x_block.attn.qkv.weight" in network
    diffusers = "pos_embed.proj.weight" in network and any_under(
        network, "transformer_blocks.0.attn.add_k_proj."
    )
    if not (original or diffusers):
        return None
    if any_under(network, "joint_blocks.0.x_block.attn2.", "transformer_blocks.0.attn2."):
        variant = "3.5-medium"
    elif any_under(
        network, "joint_blocks.0.x_block.attn.ln_q.", "transformer_blocks.0.attn.norm_q"
    ):
        variant = "3.5-large"
    else:
        variant = "3-medium"
    return Network("sd3", variant, "turbo" if "turbo" in words else None, "flow")


def _chroma(network: Tensors, words: frozenset[str]) -> Network | None:
    if not any_under(network, "distilled_guidance_layer."):
        return None
    radiance = any_under(network, "nerf_blocks.")
    reason = "It paints pixels without an autoencoder, which is not known here." if radiance else ""
    variant = "radiance" if radiance else next((w for w in ("hd", "flash") if w in words), None)
    return Network("chroma", variant, prediction="flow", reason=reason)


def _flux2(network: Tensors, words: frozenset[str]) -> Network | None:
    if not any_under(network, "double_stream_modulation_img."):
        return None
    guided = any_under(network, "guidance_in.", "time_guidance_embed.guidance_embedder.")
    if guided:
        return Network("flux2", "dev", prediction="flow")
    wide = width(network, "img_in.weight", 0) or width(network, "x_embedder.weight", 0) or 0
    variant = "klein-4b" if wide <= KLEIN_4B else "klein-9b"
    if "base" in words:
        return Network("flux2", f"{variant}-base", prediction="flow")
    note = "A base klein and a distilled one have the same tensors: few steps are assumed."
    return Network("flux2", variant, "klein", "flow", notes=(note,))


def _flux1(network: Tensors, words: frozenset[str]) -> Network | None:
    original = "double_blocks.0.img_attn.qkv.weight" in network
    diffusers = any_under(network, "single_transformer_blocks.0.attn.to_q.")
    if not (original or diffusers):
        return None
    taken = width(network, "img_in.weight") or width(network, "x_embedder.weight")
    guided = any_under(network, "guidance_in.", "time_text_embed.guidance_embedder.")
    if not guided:
        return Network("flux1", "schnell", "schnell", "flow")
    variant, notes = _flux1_variant(taken, words)
    return Network("flux1", variant, prediction="flow", notes=notes)


def _flux1_variant(taken: int | None, words: frozenset[str]) -> tuple[str, tuple[str, ...]]:
    if taken == FLUX_FILL or (taken == FLUX_CONTROL and "fill" in words):
        return "fill", ()
    if taken == FLUX_CONTROL:
        return "control", ()
    if "kontext" in words:
        return "kontext", ()
    if "krea" in words:
        return "krea", ()
    return "dev", ("Kontext has the very tensors of dev: it is told by its name only.",)


def _z_image(network: Tensors, words: frozenset[str]) -> Network | None:
    if "cap_embedder.1.weight" not in network or not any_under(network, "noise_refiner."):
        return None
    if "layers.0.adaLN_modulation.0.weight" not in network:
        return Network("lumina2")
    if words & {"turbo", "base"}:
        turbo = "turbo" in words
        return Network("z-image", None if turbo else "base", "turbo" if turbo else None, "flow")
    note = "Z-Image and its Turbo have the same tensors: the file's name does not tell which it is."
    return Network("z-image", prediction="flow", notes=(note,))


def _qwen_image(network: Tensors, words: frozenset[str]) -> Network | None:
    if "txt_norm.weight" not in network or not any_under(network, "transformer_blocks.0.img_mod."):
        return None
    marked = any_under(network, "__index_timestep_zero__")
    few = next((word for word in ("lightning", "turbo") if word in words), None)
    if marked or "edit" in words:
        return Network("qwen-image", "edit", few, "flow")
    note = "Qwen-Image-Edit has the very tensors of Qwen-Image: it is told by its name only."
    return Network("qwen-image", None, few, "flow", notes=(note,))
