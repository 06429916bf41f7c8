"""From a card to a loaded model: identity, parts, and what sets this checkpoint apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.checkpoints.folders import read_config
from engine.checkpoints.identity import identified
from engine.checkpoints.kinds import Identity
from engine.device import DTYPES
from engine.errors import ModelError
from engine.families import ModelCard
from engine.families.latent import networks
from engine.families.latent.model import LatentModel, Traits
from engine.families.latent.noise import Prediction, Training, trained
from engine.families.latent.parts import Parts, Where, from_file, from_folder
from engine.families.latent.prediction import probed

FAST = ("cuda", "mps", "xpu")  # where a tiny decoder is quicker than the next step
INPAINTING = 9


def loaded(
    card: ModelCard,
    device: str,
    precision: str,
    *,
    weights: str | None = None,
    own: Path | None = None,
) -> LatentModel:
    """Return the model of a card, its weights read; raises ModelError with a sentence.

    `weights` is the device on which they are left, None = the one that computes; `own` the folder
    that models are pulled into.
    """
    if precision not in DTYPES:
        raise ModelError(f"Precision {precision!r} is not one of {', '.join(DTYPES)}.")
    found = identified(card.path)
    if found.reason or found.architecture is None:
        raise ModelError(f"The model {card.name} cannot be painted with. {found.reason}")
    is_folder = found.layout == "diffusers" and card.path.is_dir()
    where = Where(device, DTYPES[precision], weights or device)
    if is_folder:
        parts = from_folder(card.path, found.architecture, where)
    else:
        parts = from_file(card.path, found.architecture, where, own)
    traits = _traits(found, parts, device)
    return LatentModel(card, traits, parts, device, _tiny(card.path, own, device, parts))


def _traits(found: Identity, parts: Parts, device: str) -> Traits:
    config, index = parts.unet.config, parts.configurations.index
    is_large = str(found.architecture).startswith("sdxl")
    return Traits(
        training=_training(found, parts, device),
        is_inpainting=config["in_channels"] == INPAINTING,
        has_sizes=config.get("addition_embed_type") == "text_time",
        has_scores=bool(index.get("requires_aesthetics_score")),
        empty_is_zero=is_large and bool(index.get("force_zeros_for_empty_prompt")),
        guidance_width=int(config.get("time_cond_proj_dim") or 0),
        overflows=is_large and bool(parts.vae.config.get("force_upcast", True)),
    )


def _training(found: Identity, parts: Parts, device: str) -> Training:
    scheduler = parts.configurations.scheduler
    zero = bool(found.zero_terminal_snr)
    kinds: dict[str | None, Prediction] = {"epsilon": "epsilon", "v": "v", "x0": "x0"}
    if found.prediction is not None and found.prediction not in kinds:
        raise ModelError(
            f"The model predicts {found.prediction}, and noise, v and x0 are what this family can "
            "use. Choose another edition of it."
        )
    if found.prediction is None:
        return probed(trained(scheduler, "epsilon", zero_terminal_snr=False), parts, device)
    return trained(scheduler, kinds[found.prediction], zero_terminal_snr=zero)


def _tiny(path: Path, own: Path | None, device: str, parts: Parts) -> Any:  # noqa: ANN401 - diffusers'
    """Return a tiny decoder for previews that lies near the model, where the device is fast."""
    if not device.startswith(FAST):
        return None
    for folder in tiny_decoders(path, own, is_large="text_encoder_2" in parts.networks):
        config = read_config(folder / "config.json")
        if config.get("latent_channels", 4) == parts.vae.config["latent_channels"]:
            network = networks.tiny_autoencoder(config, networks.read(folder))
            return networks.moved(network, device, parts.unet.dtype)
    return None


def tiny_decoders(path: Path, own: Path | None, *, is_large: bool) -> list[Path]:
    """Return the folders that hold a tiny decoder for a model's latents, SDXL's if it `is_large`.

    They are called taesd or taesdxl, and lie beside the model, in `vae_approx`, in the folder that
    models are pulled into, or in the hub's cache.
    """
    from huggingface_hub.constants import HF_HUB_CACHE

    name = "taesdxl" if is_large else "taesd"
    cache = Path(HF_HUB_CACHE) / f"models--madebyollin--{name}" / "snapshots"
    bases = [*list(path.parents)[:2], *([] if own is None else [own])]
    near = [base / part / name for base in bases for part in ("", "vae_approx")]
    snapshots = sorted(cache.iterdir()) if cache.is_dir() else []
    return [folder for folder in (*near, *snapshots) if (folder / "config.json").is_file()]
