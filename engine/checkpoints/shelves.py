"""The folders that painters keep models in, as each program lays them out; nothing is copied.

A path in the settings may be ComfyUI's folder, that of AUTOMATIC1111 or Forge, of InvokeAI, the
hub's cache, krita-ai-diffusion's server, an `extra_model_paths.yaml`, or any folder with models:
what it is, is told by what lies in it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.checkpoints.invoke import DATABASE, places_of

COMFY = ("checkpoints", "diffusion_models", "loras", "upscale_models", "text_encoders")
WEBUI = (
    "models/Stable-diffusion",
    "models/Lora",
    "models/LyCORIS",
    "models/VAE",
    "models/VAE-approx",
    "models/ESRGAN",
    "models/RealESRGAN",
    "models/SwinIR",
    "models/text_encoder",
    "models/ControlNet",
    "models/diffusers",
    "embeddings",
)
_LARGEST_YAML = 2**20
_NOT_PATHS = frozenset(
    {"base_path", "is_default", "custom_nodes", "configs", "download_model_base"}
)


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder to look for models in, and the program that laid it out."""

    path: Path
    origin: str


def shelves_of(path: Path) -> list[Shelf]:
    """Return the shelves that a configured path stands for; the path itself where it is plain."""
    path = path.expanduser()
    if path.suffix.lower() in (".yaml", ".yml"):
        return list(_of_paths_file(path))
    for tell in (_webui, _krita, _comfy, _invoke, _hub):
        found = tell(path)
        if found:
            return found
    return [Shelf(path, "folder")]


def shelves_in(table: Mapping[str, Any], base: Path, origin: str) -> Iterator[Shelf]:
    """Yield the shelves of one group in the style of extra_model_paths: names to one or more paths.

    Relative paths start at the group's `base_path`, and that at `base`. Lines, lists and single
    names are understood; what is no path is passed over.
    """
    told = table.get("base_path")
    root = _expanded(str(told), base) if told else base
    for name, paths in table.items():
        if name in _NOT_PATHS:
            continue
        lines = paths if isinstance(paths, list) else str(paths).splitlines()
        for line in lines:
            if str(line).strip():
                yield Shelf(_expanded(str(line).strip(), root), origin)


def well_known(home: Path, environment: Mapping[str, str]) -> list[Path]:
    """Return the folders that exist of those where programs put models by themselves."""
    data = environment.get("XDG_DATA_HOME") or str(home / ".local" / "share")
    appdata = environment.get("APPDATA") or str(home / "AppData" / "Roaming")
    support = home / "Library" / "Application Support"
    places = [
        *(home / name for name in ("ComfyUI", "comfyui", "Documents/ComfyUI", "comfy/ComfyUI")),
        *(home / name for name in ("stable-diffusion-webui", "stable-diffusion-webui-forge")),
        *(home / name for name in ("invokeai", "InvokeAI")),
        Path(environment.get("INVOKEAI_ROOT") or home / ".invokeai"),
        *(Path(base) / "krita" / "ai_diffusion" / "server" for base in (data, appdata, support)),
        hub_cache(home, environment),
    ]
    there = (place for place in places if place.is_dir() and _holds_something(place))
    return list({place.resolve(): place for place in there}.values())


def hub_cache(home: Path, environment: Mapping[str, str]) -> Path:
    """Return the folder of the hub's cache, by the rules that huggingface_hub documents."""
    if named := environment.get("HF_HUB_CACHE") or environment.get("HUGGINGFACE_HUB_CACHE"):
        return Path(named).expanduser()
    if named := environment.get("HF_HOME"):
        return Path(named).expanduser() / "hub"
    base = environment.get("XDG_CACHE_HOME") or home / ".cache"
    return Path(base).expanduser() / "huggingface" / "hub"


def _holds_something(place: Path) -> bool:
    try:
        return next(place.iterdir(), None) is not None
    except OSError:
        return False


def _webui(path: Path) -> list[Shelf]:
    if not (path / "models" / "Stable-diffusion").is_dir():
        return []
    forge = (path / "modules_forge").is_dir()
    return _existing(path, WEBUI, "Forge" if forge else "AUTOMATIC1111")


def _krita(path: Path) -> list[Shelf]:
    """krita-ai-diffusion's server keeps ComfyUI in it, and may keep models beside that."""
    if not (path / "ComfyUI" / "models").is_dir():
        return []
    beside = [Shelf(path / "models", "krita")] if (path / "models").is_dir() else []
    inside = [Shelf(shelf.path, "krita-ai-diffusion") for shelf in _comfy(path / "ComfyUI")]
    return [*inside, *(Shelf(shelf.path, "krita-ai-diffusion") for shelf in beside)]


def _comfy(path: Path) -> list[Shelf]:
    folder = path if path.name == "models" else path / "models"
    if not any((folder / name).is_dir() for name in COMFY):
        return []
    extra = folder.parent / "extra_model_paths.yaml"
    more = list(_of_paths_file(extra)) if extra.is_file() else []
    return [Shelf(folder, "ComfyUI"), *more]


def _invoke(path: Path) -> list[Shelf]:
    if not (path / DATABASE).is_file() and not (path / "invokeai.yaml").is_file():
        return []
    return [Shelf(place, "InvokeAI") for place in places_of(path)]


def _hub(path: Path) -> list[Shelf]:
    folder = path / "hub" if (path / "hub").is_dir() else path
    try:
        repositories = sorted(one for one in folder.glob("models--*") if one.is_dir())
    except OSError:
        return []
    found = [snapshot for one in repositories if (snapshot := snapshot_of(one)) is not None]
    return [Shelf(snapshot, "Hugging Face cache") for snapshot in found]


def snapshot_of(repository: Path) -> Path | None:
    """Return the snapshot that a cached repository's main branch points to, else the newest."""
    try:
        revision = (repository / "refs" / "main").read_text("utf-8").strip()
    except (OSError, ValueError):
        revision = ""
    named = repository / "snapshots" / revision
    if re.fullmatch(r"[0-9a-f]{6,64}", revision) and named.is_dir():
        return named
    try:
        there = [one for one in (repository / "snapshots").iterdir() if one.is_dir()]
        return max(there, key=lambda one: one.stat().st_mtime_ns, default=None)
    except OSError:
        return None


def _of_paths_file(path: Path) -> Iterator[Shelf]:
    """Yield the shelves of an extra_model_paths.yaml; none where it cannot be read."""
    import yaml

    try:
        if path.stat().st_size > _LARGEST_YAML:
            return
        told = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return
    groups = told if isinstance(told, dict) else {}
    for name, group in groups.items():
        if isinstance(group, dict):
            yield from shelves_in(group, path.parent, str(name))


def _existing(root: Path, names: Sequence[str], origin: str) -> list[Shelf]:
    return [Shelf(root / name, origin) for name in names if (root / name).is_dir()]


def _expanded(text: str, base: Path) -> Path:
    return base / Path(os.path.expandvars(text)).expanduser()
