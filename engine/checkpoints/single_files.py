"""One safetensors file: which kind it is, asked in turn of everything that knows a kind."""

from __future__ import annotations

from dataclasses import replace

from engine.checkpoints import hints
from engine.checkpoints.components import (
    embedding_of,
    encoder_of,
    foreign_upscaler,
    guide_of,
    vae_of,
)
from engine.checkpoints.flows import flow_of
from engine.checkpoints.headers import Header
from engine.checkpoints.kinds import FAMILIES, Identity
from engine.checkpoints.latents import Network, text_of, unet_of
from engine.checkpoints.loras import lora_of
from engine.checkpoints.tensors import Tensors, any_under, precision, size, within
from engine.checkpoints.unclips import unclip_of

NETWORK_PREFIXES = ("model.diffusion_model.", "diffusion_model.", "")
_PARTS = {
    "vae": ("first_stage_model.", "vae."),
    "text_encoder": (
        "cond_stage_model.",
        "conditioner.embedders.0.transformer.",
        "text_encoders.clip_l.",
        "text_encoders.qwen",
    ),
    "text_encoder_2": (
        "conditioner.embedders.1.",
        "conditioner.embedders.0.model.",
        "text_encoders.clip_g.",
    ),
    "text_encoder_3": ("text_encoders.t5xxl.",),
    "image_encoder": ("embedder.",),
    "image_noising": ("noise_augmentor.",),
}
_VAE_PREFIXES = ("", "first_stage_model.", "vae.")


def of_single_file(header: Header, title: str) -> Identity:
    """Return what a single file is; `title` is its name, for hints.

    Guides come before networks, as they are made of a network's own blocks; textual inversions
    last, as they have hardly a name of their own.
    """
    tensors = header.tensors
    return (
        lora_of(header)
        or guide_of(tensors)
        or _checkpoint(header, title)
        or encoder_of(tensors)
        or _upscaler(header)
        or _vae(header, title)
        or embedding_of(tensors)
        or _unknown()
    )


def _checkpoint(header: Header, title: str) -> Identity | None:
    prefix = next(p for p in NETWORK_PREFIXES if not p or any_under(header.tensors, p))
    network = within(header.tensors, prefix)
    told = (
        unclip_of(network)
        or unet_of(network, text_of(header.tensors))
        or flow_of(network, title, header.metadata)
    )
    return None if told is None else _identity(header, title, told, network, prefix)


def _identity(header: Header, title: str, told: Network, network: Tensors, prefix: str) -> Identity:
    flows = FAMILIES.get(told.architecture) == "flow"
    main = "transformer" if flows else "prior" if told.variant == "prior" else "unet"
    bytes_of = {main: size(network), **(_parts(header.tensors) if prefix else {})}
    whole = "vae" in bytes_of and any(name.startswith("text_encoder") for name in bytes_of)
    found = Identity(
        kind="checkpoint" if whole else "diffusion model",
        family=FAMILIES.get(told.architecture),
        architecture=told.architecture,
        variant=told.variant,
        distilled=told.distilled or hints.distilled(title, header.metadata),
        prediction=told.prediction,
        precision=precision(network),
        parts=tuple(bytes_of),
        part_bytes=bytes_of,
        reason=told.reason,
        layout=_layout(network),
        notes=told.notes,
    )
    return found if told.prediction else _predicted(found, header, title)


def _layout(network: Tensors) -> str:
    ours = ("down_blocks.", "transformer_blocks.", "single_transformer_blocks.", "all_x_embedder.")
    return "diffusers" if any_under(network, *ours) else "original"


def _predicted(found: Identity, header: Header, title: str) -> Identity:
    """Add what the network predicts: marker tensors, then metadata and name, then the usual."""
    tensors = header.tensors
    if any_under(tensors, "edm_mean", "edm_vpred."):
        reason = "It predicts in the EDM parametrisation, which cannot be painted with yet."
        return replace(found, prediction="edm", reason=found.reason or reason)
    if "v_pred" in tensors:
        return replace(found, prediction="v", zero_terminal_snr="ztsnr" in tensors)
    hinted = hints.predicted(title, header.metadata)
    if hinted is None and found.architecture == "sd2" and found.variant is None:
        note = (
            "Whether this SD 2.x model predicts noise or v is not written in its header: 768 v is "
            "assumed unless the model's settings say otherwise."
        )
        return replace(found, notes=(*found.notes, note))
    return replace(found, prediction=hinted or "epsilon", zero_terminal_snr="ztsnr" in tensors)


def _parts(tensors: Tensors) -> dict[str, int]:
    found = {
        part: sum(info.bytes for name, info in tensors.items() if name.startswith(prefixes))
        for part, prefixes in _PARTS.items()
    }
    return {part: count for part, count in found.items() if count}


def _vae(header: Header, title: str) -> Identity | None:
    for prefix in _VAE_PREFIXES:
        found = vae_of(within(header.tensors, prefix), title, header.metadata)
        if found is not None:
            return found
    return None


def _upscaler(header: Header) -> Identity | None:
    from engine.upscalers.networks.shapes import shape_of  # knows the names of its own networks

    shape = shape_of(header)
    if shape is None:
        return foreign_upscaler(header.tensors)
    return Identity(
        kind="upscaler",
        architecture=shape.architecture,
        variant=f"x{shape.scale}",
        precision=precision(header.tensors),
        parts=("upscaler",),
        part_bytes={"upscaler": size(header.tensors)},
    )


def _unknown() -> Identity:
    reason = "Its tensors are not those of any kind of model that is known here."
    return Identity(kind="unknown", reason=reason)
