"""Models as folders with a folder a part, as diffusers writes them: told by configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.checkpoints import hints
from engine.checkpoints.headers import HEADER_LIMIT, Header, read_headers, weights_in
from engine.checkpoints.kinds import FAMILIES, Identity, refused
from engine.checkpoints.latents import SD1_CONTEXT, SD2_CONTEXT, VARIANTS
from engine.checkpoints.tensors import precision, size
from engine.errors import ModelError

INDEX = "model_index.json"
MAIN = ("unet", "transformer", "decoder", "prior")  # the network that paints, first found
_WITHOUT_WEIGHTS = ("Tokenizer", "Scheduler", "Processor", "FeatureExtractor", "TokenizerFast")
_OPTIONAL = ("safety_checker", "image_encoder", "feature_extractor")
_PICKLED = (".bin", ".ckpt", ".pt", ".pth", ".msgpack", ".h5")


@dataclass(frozen=True, slots=True)
class Folder:
    """A diffusers folder as read: its pipeline's class, the parts' configurations and headers."""

    path: Path
    pipeline: str
    parts: Mapping[str, str]  # name -> class
    configs: Mapping[str, Mapping[str, Any]]
    headers: Mapping[str, Header]
    notes: tuple[str, ...] = ()

    @property
    def main(self) -> str | None:
        """The part that paints."""
        return next((name for name in MAIN if name in self.headers), None)

    def config(self, part: str) -> Mapping[str, Any]:
        """Return a part's configuration, empty where it has none."""
        return self.configs.get(part, {})


@dataclass(frozen=True, slots=True)
class Told:
    """What a pipeline's class and its configurations tell."""

    architecture: str | None
    variant: str | None = None
    reason: str = ""
    notes: tuple[str, ...] = field(default=())


def of_folder(path: Path, title: str) -> Identity:
    """Return what a folder with a model_index.json is; raises ModelError when it is broken."""
    folder = read_folder(path)
    told = _told(folder)
    if told.architecture is None:
        return replace(refused(told.reason), kind="unknown")
    main = folder.main
    bytes_of = {name: size(header.tensors) for name, header in folder.headers.items()}
    return Identity(
        kind="checkpoint",
        family=FAMILIES.get(told.architecture),
        architecture=told.architecture,
        variant=told.variant,
        distilled=_distilled(folder, title),
        prediction=_prediction(folder),
        precision=None if main is None else precision(folder.headers[main].tensors),
        parts=tuple(bytes_of),
        part_bytes=bytes_of,
        reason=told.reason,
        layout="diffusers",
        zero_terminal_snr=bool(folder.config("scheduler").get("rescale_betas_zero_snr")),
        notes=(*folder.notes, *told.notes),
    )


def read_folder(path: Path) -> Folder:
    """Return a diffusers folder's configurations and headers; ModelError names what is missing."""
    index = read_config(path / INDEX)
    parts = {
        name: str(entry[1])
        for name, entry in index.items()
        if isinstance(entry, list) and len(entry) == 2 and entry[1] is not None
    }
    configs = {name: config for name in parts if (config := _config_of(path / name)) is not None}
    headers: dict[str, Header] = {}
    notes: list[str] = []
    for name, kind in parts.items():
        if kind.endswith(_WITHOUT_WEIGHTS):
            continue
        try:
            headers[name] = _header_of(path / name)
        except ModelError as error:
            if name not in _OPTIONAL:
                raise
            notes.append(f"Without its {name}: {error}")
    return Folder(path, str(index.get("_class_name")), parts, configs, headers, tuple(notes))


def read_config(path: Path) -> dict[str, Any]:
    """Return a JSON file that is a table; raises ModelError."""
    try:
        if path.stat().st_size > HEADER_LIMIT:
            raise ModelError(f"{path} is larger than {HEADER_LIMIT} bytes. Get the model again.")
        told = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read ({error}). Get the model again.") from error
    if not isinstance(told, dict):
        raise ModelError(f"{path} is not a table of settings. Get the model again.")
    return told


def _config_of(part: Path) -> dict[str, Any] | None:
    names = ("config.json", "scheduler_config.json")
    found = next((part / name for name in names if (part / name).is_file()), None)
    return None if found is None else read_config(found)


def _header_of(part: Path) -> Header:
    if not part.is_dir():
        raise ModelError(f"{part.parent} lacks its part {part.name}. Get the model again.")
    found = weights_in(part)
    if found is not None:
        return read_headers(found)
    pickled = next((file.name for file in part.iterdir() if file.name.endswith(_PICKLED)), None)
    if pickled is None:
        raise ModelError(f"{part} has no weights: the model was not fetched whole. Get it again.")
    raise ModelError(
        f"{part} has its weights as {pickled}, which can run code when it is read and is not "
        "accepted. Get the model's safetensors edition."
    )


def _told(folder: Folder) -> Told:
    name = folder.pipeline
    if name.startswith("StableDiffusionXL"):
        refines = "text_encoder" not in folder.parts
        return _with_variant(folder, "sdxl-refiner" if refines else "sdxl")
    if name.startswith("StableDiffusion3"):
        return Told("sd3", _sd3_variant(folder))
    if name.startswith(("StableDiffusion", "LatentConsistencyModel")):
        return _with_variant(folder, _first_or_second(folder))
    for start, told in _PIPELINES.items():
        if name.startswith(start):
            return _refined(folder, told)
    return Told(
        None,
        reason=f"{folder.path} is for the pipeline {name}, of a kind that is not known here.",
    )


_PIPELINES = {  # how a pipeline's class starts -> what it paints with; longer names first
    "StableUnCLIP": Told("stable-unclip"),
    "UnCLIPInMiniature": Told("mahlstick-unclip"),
    "UnCLIP": Told("karlo"),
    "KandinskyV22Prior": Told("kandinsky22", "prior"),
    "KandinskyV22Inpaint": Told("kandinsky22", "inpaint"),
    "KandinskyV22": Told("kandinsky22"),
    "FluxFill": Told("flux1", "fill"),
    "FluxKontext": Told("flux1", "kontext"),
    "FluxControl": Told("flux1", "control"),
    "Flux2Klein": Told("flux2", "klein"),
    "Flux2": Told("flux2", "dev"),
    "Flux": Told("flux1"),
    "Chroma": Told("chroma"),
    "ZImage": Told("z-image"),
    "QwenImageEdit": Told("qwen-image", "edit"),
    "QwenImage": Told("qwen-image"),
}


def _refined(folder: Folder, told: Told) -> Told:
    """Say the edition where the pipeline's class leaves it open."""
    transformer = folder.config("transformer")
    if told.architecture == "flux1" and told.variant is None:
        return replace(told, variant="dev" if transformer.get("guidance_embeds") else "schnell")
    if told.architecture == "kandinsky22" and told.variant is None:
        channels = folder.config("unet").get("in_channels", 4)
        return replace(told, variant=VARIANTS.get(channels))
    return told


def _sd3_variant(folder: Folder) -> str:
    transformer = folder.config("transformer")
    if transformer.get("dual_attention_layers"):
        return "3.5-medium"
    return "3.5-large" if transformer.get("qk_norm") else "3-medium"


def _with_variant(folder: Folder, architecture: str) -> Told:
    channels = folder.config("unet").get("in_channels", 4)
    reason = ""
    if channels not in (4, 9):
        reason = (
            f"Its network takes {channels} channels, where 4 (painting) and 9 (inpainting) are "
            "known. Use another edition of the model."
        )
    return Told(architecture, VARIANTS.get(channels), reason)


def _first_or_second(folder: Folder) -> str:
    unet = folder.config("unet")
    context = unet.get("cross_attention_dim")
    if context in (SD1_CONTEXT, SD2_CONTEXT):
        return "sd1" if context == SD1_CONTEXT else "sd2"
    return "sd2" if unet.get("use_linear_projection") else "sd1"


def _prediction(folder: Folder) -> str | None:
    scheduler = folder.config("scheduler")
    if str(scheduler.get("_class_name", "")).startswith("FlowMatch"):
        return "flow"
    if str(scheduler.get("_class_name", "")).startswith("EDM"):
        return "edm"
    names = {"epsilon": "epsilon", "v_prediction": "v", "sample": "x0", "flow_prediction": "flow"}
    return names.get(str(scheduler.get("prediction_type", "epsilon")))


def _distilled(folder: Folder, title: str) -> str | None:
    scheduler = folder.config("scheduler")
    if folder.config("unet").get("time_cond_proj_dim") or (
        scheduler.get("_class_name") == "LCMScheduler"
    ):
        return "lcm"
    hinted = hints.distilled(title, {}) or _distilled_flow(folder)
    if hinted is not None:
        return hinted
    is_euler = str(scheduler.get("_class_name", "")).startswith("Euler")
    trails = scheduler.get("timestep_spacing") == "trailing"
    snr = scheduler.get("rescale_betas_zero_snr")
    usual = scheduler.get("prediction_type", "epsilon") == "epsilon" and not snr
    return "turbo" if is_euler and trails and usual and _is_latent(folder) else None


def _distilled_flow(folder: Folder) -> str | None:
    index = read_config(folder.path / INDEX)
    if folder.pipeline.startswith("Flux2Klein"):
        return "klein" if index.get("is_distilled") else None
    open_flux = folder.pipeline in ("FluxPipeline", "FluxImg2ImgPipeline", "FluxInpaintPipeline")
    guided = folder.config("transformer").get("guidance_embeds")
    return "schnell" if open_flux and not guided else None


def _is_latent(folder: Folder) -> bool:
    return folder.pipeline.startswith("StableDiffusion") and "unet" in folder.parts
