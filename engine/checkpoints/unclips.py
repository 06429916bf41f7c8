"""Networks that paint from image embeddings: Kandinsky 2.2, Karlo, and the priors of all."""

from __future__ import annotations

from engine.checkpoints.latents import VARIANTS, Network
from engine.checkpoints.tensors import Tensors, any_under, width


def unclip_of(network: Tensors) -> Network | None:
    """Return what a decoder or prior of the unCLIP kind is, None where it is none."""
    if "conv_in.weight" in network and any_under(network, "encoder_hid_proj.image_embeds."):
        return Network("kandinsky22", VARIANTS.get(width(network, "conv_in.weight") or 4))
    if "prd_embedding" in network and any_under(network, "proj_to_clip_embeddings."):
        note = "Kandinsky's and Karlo's priors have the same tensors: their folder tells which."
        return Network("prior", "prior", prediction="x0", notes=(note,))
    if _is_karlo(network):
        return Network("karlo", "decoder")
    return None


def _is_karlo(network: Tensors) -> bool:
    """A pixel-space U-Net with attention to added keys, as Karlo's decoder is."""
    return (
        width(network, "conv_in.weight") == 3
        and width(network, "conv_out.weight", 0) == 6
        and any_under(network, "mid_block.attentions.0.add_k_proj.")
    )
