"""What can be got by name: the catalogue in the package, read from `catalogue.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from typing import Any, Literal

from engine.errors import DownloadError

Use = Literal["paint", "part", "preview", "rank", "upscale", "filter"]


@dataclass(frozen=True, slots=True)
class Licence:
    """What one agrees to; `spdx` is its identifier, empty where SPDX lists none."""

    name: str
    url: str
    spdx: str = ""


@dataclass(frozen=True, slots=True)
class Offered:
    """One model of the catalogue. Without a repository it stands for the models that it needs.

    `files` are patterns of what is wanted of the repository, `skip` of what is not even so. `then`
    is a sentence on what to do once it is there.
    """

    name: str
    title: str
    use: Use
    licence: Licence
    size_gb: float
    memory_gb: float
    good_at: str
    repository: str = ""
    revision: str = "main"
    files: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    family: str = ""
    architecture: str = ""
    then: str = ""


def offered() -> dict[str, Offered]:
    """Return the catalogue by name."""
    text = (files("engine.downloads") / "catalogue.toml").read_text("utf-8")
    return {name: _entry(name, told) for name, told in tomllib.loads(text).items()}


def with_needs(wanted: Offered, catalogue: Mapping[str, Offered]) -> list[Offered]:
    """Return what is to be got for a model, what it needs first; every one once."""
    found: dict[str, Offered] = {}
    for name in wanted.needs:
        found |= {entry.name: entry for entry in with_needs(catalogue[name], catalogue)}
    if wanted.repository:
        found[wanted.name] = wanted
    return list(found.values())


def unknown(name: str, names: Iterable[str]) -> DownloadError:
    """Return the error for a name that nothing has, with the names that are near it."""
    names = list(names)
    near = get_close_matches(name.lower(), names, n=3, cutoff=0.5)
    there_are = f"Near it are: {', '.join(near)}." if near else f"There are: {', '.join(names)}."
    return DownloadError(
        "unknown",
        f"There is no model {name!r} in the catalogue. {there_are} Or name a repository, "
        "hf:OWNER/NAME, or an https address of a .safetensors file.",
    )


def _entry(name: str, told: dict[str, Any]) -> Offered:
    licence = Licence(told.pop("licence"), told.pop("licence_url"), told.pop("spdx", ""))
    lists = {key: tuple(told.pop(key, ())) for key in ("files", "skip", "needs")}
    return Offered(name=name, licence=licence, **lists, **told)
