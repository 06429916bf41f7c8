"""What a path is, told without reading a weight: the one question, for files and folders alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from engine.checkpoints.folders import INDEX, of_folder
from engine.checkpoints.headers import read_header, read_headers
from engine.checkpoints.kinds import FAMILIES, FamilyName, Identity, Kind, refused
from engine.checkpoints.refusals import reason_against
from engine.checkpoints.single_files import of_single_file
from engine.errors import ModelError

__all__ = [
    "FAMILIES",
    "FamilyName",
    "Identity",
    "Kind",
    "identified",
    "identified_with",
    "title_of",
]

_NOTHING: Mapping[Path, Identity] = MappingProxyType({})
_KNOWN: ContextVar[Mapping[Path, Identity]] = ContextVar("known identities", default=_NOTHING)
_LARGEST_SIDE = 2**20
_PREDICTS = re.compile(r"^\s*parameterization\s*:\s*[\"']?(v|eps)\b", re.MULTILINE)


def identified(path: Path) -> Identity:
    """Return what a file or a diffusers folder is; never raises for what is in it.

    What is broken or not accepted is of the kind `refused`, with a sentence in `reason`.
    """
    known = _KNOWN.get().get(path)
    return identified_with(path)[0] if known is None else known


@contextmanager
def knowing(known: Mapping[Path, Identity]) -> Iterator[None]:
    """Let `identified` answer from what an index knows, inside this block and this thread only.

    Families ask it of every path they are shown: without this each would read each header again.
    """
    token = _KNOWN.set(known)
    try:
        yield
    finally:
        _KNOWN.reset(token)


def identified_with(path: Path) -> tuple[Identity, Mapping[str, str]]:
    """Return what `identified` does, and the metadata that its one header holds."""
    try:
        if path.is_dir():
            return _folder(path)
        if path.is_file():
            return _file(path)
        return refused(f"{path} does not exist."), {}
    except ModelError as error:
        return refused(str(error)), {}
    except OSError as error:
        return refused(f"{path} cannot be read ({error.strerror}). Check its rights."), {}


def title_of(path: Path) -> str:
    """Return the name a model goes by: a file's stem, a folder's name, a cached repository's."""
    if path.parent.name == "snapshots":  # the hub's cache: models--owner--name/snapshots/revision
        return path.parent.parent.name.split("--")[-1]
    return path.name if path.is_dir() else path.name.split(".safetensors")[0]


def _folder(path: Path) -> tuple[Identity, Mapping[str, str]]:
    if (path / INDEX).is_file():
        return of_folder(path, title_of(path)), {}
    header = read_headers(path)
    return of_single_file(header, title_of(path)), header.metadata


def _file(path: Path) -> tuple[Identity, Mapping[str, str]]:
    if path.suffix.lower() != ".safetensors":
        return refused(reason_against(path.name)), {}
    header = read_header(path)
    found = of_single_file(header, title_of(path))
    return _with_side_settings(path, found), header.metadata


def _with_side_settings(path: Path, found: Identity) -> Identity:
    """Take the prediction from NAME.yaml, as the original repository writes it, where it is open.

    SD 2.x files came with one, since nothing in them tells v from noise.
    """
    if found.family != "latent":
        return found
    side = path.with_suffix(".yaml")
    try:
        if not side.is_file() or side.stat().st_size > _LARGEST_SIDE:
            return found
        told = _PREDICTS.search(side.read_text("utf-8"))
    except (OSError, ValueError):
        return found
    if told is None:
        return found
    prediction = "v" if told[1] == "v" else "epsilon"
    return replace(found, prediction=prediction, notes=())
