"""What a model file can be: the one type that says it, shared by all that tell files apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "checkpoint",  # paints by itself: network, autoencoder and text encoders are there
    "diffusion model",  # the network alone; the other parts come from elsewhere
    "lora",
    "lycoris",
    "embedding",
    "vae",
    "text encoder",
    "image encoder",
    "upscaler",
    "controlnet",
    "safety checker",
    "refused",  # not accepted or broken; `reason` says why
    "unknown",
]
FamilyName = Literal["latent", "unclip", "flow"]


@dataclass(frozen=True, slots=True)
class Identity:
    """What names, header and configuration tell of a file or folder; no weight was read for it.

    What cannot be told is None, and `notes` are sentences on that. `reason` is empty, or a sentence
    on why nothing can be done with the file.
    """

    kind: Kind
    family: FamilyName | None = None
    architecture: str | None = None  # sd1, sd2, sdxl, sdxl-refiner, flux1, ...
    variant: str | None = None  # inpaint, edit, depth, ...; of flow models dev, schnell, fill, ...
    distilled: str | None = None  # lcm, turbo, lightning, hyper, ...: few steps, little guidance
    prediction: str | None = None  # epsilon, v, x0, edm, flow
    precision: str | None = None  # of most of the main network: fp32, fp16, bf16, fp8, ...
    parts: tuple[str, ...] = ()  # diffusers' names: unet, vae, text_encoder, text_encoder_2, ...
    part_bytes: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""
    layout: str | None = None  # diffusers (names and folders), original; peft, kohya, ... of a LoRA
    zero_terminal_snr: bool | None = None
    notes: tuple[str, ...] = ()


def refused(reason: str) -> Identity:
    """Return the identity of what is not accepted or broken, with a sentence that says why."""
    return Identity(kind="refused", reason=reason)


FAMILIES: dict[str, FamilyName] = {
    **dict.fromkeys(("sd1", "sd2", "sdxl", "sdxl-refiner"), "latent"),
    **dict.fromkeys(
        ("kandinsky22", "stable-unclip", "karlo", "prior", "mahlstick-unclip"), "unclip"
    ),
    **dict.fromkeys(("sd3", "flux1", "flux2", "chroma", "z-image", "qwen-image"), "flow"),
}
