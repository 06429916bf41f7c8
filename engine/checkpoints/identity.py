"""What a path is, told without reading a weight: the one question, for files and folders alike."""

from __future__ import annotations

from pathlib import Path

from engine.checkpoints.folders import INDEX, of_folder
from engine.checkpoints.headers import read_header, read_headers
from engine.checkpoints.kinds import FAMILIES, FamilyName, Identity, Kind, refused
from engine.checkpoints.single_files import of_single_file
from engine.errors import ModelError

__all__ = ["FAMILIES", "FamilyName", "Identity", "Kind", "identified", "title_of"]

PICKLES = (".ckpt", ".pt", ".pth", ".bin", ".pkl")


def identified(path: Path) -> Identity:
    """Return what a file or a diffusers folder is; never raises for what is in it.

    What is broken or not accepted is of the kind `refused`, with a sentence in `reason`.
    """
    try:
        if path.is_dir():
            return _folder(path)
        if not path.is_file():
            return refused(f"{path} does not exist.")
        return _file(path)
    except ModelError as error:
        return refused(str(error))


def title_of(path: Path) -> str:
    """Return the name a model goes by: a file's stem, a folder's name, a cached repository's."""
    if path.parent.name == "snapshots":  # the hub's cache: models--owner--name/snapshots/revision
        return path.parent.parent.name.split("--")[-1]
    return path.name if path.is_dir() else path.name.split(".safetensors")[0]


def _folder(path: Path) -> Identity:
    if (path / INDEX).is_file():
        return of_folder(path, title_of(path))
    return of_single_file(read_headers(path), title_of(path))


def _file(path: Path) -> Identity:
    suffix = path.suffix.lower()
    if suffix == ".safetensors":
        return of_single_file(read_header(path), title_of(path))
    if suffix in PICKLES:
        return refused(
            f"{path.name} is a pickle, which can run code when it is read, and was not opened. "
            "Look for the same model as safetensors where you got it; most authors offer both."
        )
    return refused(f"{path.name} is not a safetensors file, the one format that is accepted.")
