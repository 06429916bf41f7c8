"""SD 1.x, SD 2.x, SDXL and their refiner in one file: which of them, by structure before size.

Structure (which text encoder, which levels attend, what else conditions) holds for fine-tunes,
pruned and tiny networks alike; the published widths decide only where a bare network leaves both
SD 1.x and SD 2.x possible.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.checkpoints.tensors import Tensors, any_under, width

SD1_CONTEXT, SD2_CONTEXT = 768, 1024  # widths of their text encoders
VARIANTS = {9: "inpaint", 8: "edit", 7: "upscale", 5: "depth"}  # by channels of the input


@dataclass(frozen=True, slots=True)
class Network:
    """What a network's own tensors tell: architecture, variant, prediction, and what is unsure."""

    architecture: str
    variant: str | None = None
    distilled: str | None = None
    prediction: str | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()


def unet_of(unet: Tensors, text: str | None) -> Network | None:
    """Return what a U-Net in original (ldm) or diffusers names is, None where it is neither.

    `text` says which text encoders lie in the same file: sd1, sd2, sdxl, sdxl-refiner or None.
    """
    if "input_blocks.0.0.weight" in unet:
        channels = width(unet, "input_blocks.0.0.weight")
        architecture = _original(unet, text)
        guided = "time_embed.cond_proj.weight" in unet
    elif "conv_in.weight" in unet and any_under(unet, "down_blocks.", "time_embedding."):
        channels = width(unet, "conv_in.weight")
        architecture = _diffusers(unet, text)
        guided = "time_embedding.cond_proj.weight" in unet
    else:
        return None
    if architecture is None:
        return None
    return Network(
        architecture, VARIANTS.get(channels or 4), "lcm" if guided else None, reason=_odd(channels)
    )


def text_of(tensors: Tensors) -> str | None:
    """Return whose text encoders lie in a file with the original key names."""
    if any_under(tensors, "conditioner.embedders.1."):
        return "sdxl"
    if any_under(tensors, "conditioner.embedders.0.model."):
        return "sdxl-refiner"
    if any_under(tensors, "cond_stage_model.model."):
        return "sd2"
    return "sd1" if any_under(tensors, "cond_stage_model.transformer.") else None


def _original(unet: Tensors, text: str | None) -> str | None:
    if any_under(unet, "input_blocks.1.1.time_", "input_blocks.1.0.time_"):
        return None  # a video network: its blocks mix over time
    if "label_emb.0.0.weight" not in unet:
        return text if text in ("sd1", "sd2") else _first_or_second(unet)
    if any_under(unet, "input_blocks.1.1."):
        return "stable-unclip"  # attends at every level as SD 2.x does, and takes an embedding
    return "sdxl-refiner" if any_under(unet, "input_blocks.9.") else "sdxl"


def _diffusers(unet: Tensors, text: str | None) -> str | None:
    if any_under(unet, "down_blocks.0.motion_modules.", "encoder_hid_proj."):
        return None  # video; Kandinsky has its own door
    if any_under(unet, "add_embedding.linear_1."):
        return "sdxl-refiner" if any_under(unet, "down_blocks.3.") else "sdxl"
    if any_under(unet, "class_embedding."):
        return "stable-unclip" if any_under(unet, "class_embedding.linear_1.") else None
    return text if text in ("sd1", "sd2") else _first_or_second(unet)


def _first_or_second(unet: Tensors) -> str | None:
    """Tell SD 1.x from SD 2.x by what the network takes of the text, then by its projections."""
    context = next((i.shape[-1] for n, i in unet.items() if n.endswith("attn2.to_k.weight")), None)
    if context in (SD1_CONTEXT, SD2_CONTEXT):
        return "sd1" if context == SD1_CONTEXT else "sd2"
    linear = next(
        (len(i.shape) == 2 for n, i in unet.items() if n.endswith(".proj_in.weight")), None
    )
    if linear is None:
        return None
    return "sd2" if linear else "sd1"


def _odd(channels: int | None) -> str:
    if channels in (4, 9):
        return ""
    return (
        f"Its network takes {channels} channels, where 4 (painting) and 9 (inpainting) are known. "
        "Use another edition of the model."
    )
