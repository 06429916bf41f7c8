"""Which files of a repository are taken: what its model needs, each once, and nothing that runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from engine.downloads.hub import Stated
from engine.errors import DownloadError

WEIGHTS = ".safetensors"
TAKEN = (WEIGHTS, ".json", ".txt", ".model", ".jinja")  # .model: sentencepiece, .txt: merges
MAX_WEIGHTS_BYTES = 128 * 2**30  # a file; the largest published ones are at 50
MAX_OTHER_BYTES = 64 * 2**20  # a configuration or tokenizer; the largest are at 34
MAX_FILES = 500
_SAFE_PART = re.compile(r"(?!\.)[\w .+()@=,-]{1,200}(?<![ .])")
_PRECISION = r"fp16|bf16|fp32|non_ema"
_SHARD = r"(?:-\d{5}-of-\d{5})?"
_WEIGHTS_NAME = re.compile(
    rf"(?P<stem>.+?)(?:\.(?P<before>{_PRECISION}))?{_SHARD}(?:\.(?P<behind>{_PRECISION}))?"
    rf"\.safetensors(?:\.index(?:\.(?P<of_index>{_PRECISION}))?\.json)?"
)
_VARIANTS = ("fp16", "bf16", "")  # in this order; "" has no variant in its name
INDEX = "model_index.json"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The files that are taken, by path."""

    files: tuple[Stated, ...]

    @property
    def bytes(self) -> int:
        """How many bytes they have together."""
        return sum(file.size for file in self.files)


def chosen(
    files: Sequence[Stated], patterns: Sequence[str], skip: Sequence[str], repository: str
) -> Chosen:
    """Return the files to take; without patterns those that make up the repository's model.

    Of weights in several precisions the half one is taken. Raises DownloadError where there is
    nothing to take, where it is not clear what, and where a path or size is not accepted.
    """
    wanted = _named(files, patterns, repository) if patterns else _model(files, repository)
    wanted = [file for file in wanted if not any(fnmatchcase(file.path, one) for one in skip)]
    taken = _one_precision([file for file in wanted if file.path.endswith(TAKEN)])
    if not any(file.path.endswith(WEIGHTS) for file in taken):
        raise _nothing(repository, wanted)
    for file in taken:
        _check(file, repository)
    if len(taken) > MAX_FILES:
        raise DownloadError(
            "format", f"{repository} has {len(taken)} such files; accepted are {MAX_FILES}."
        )
    return Chosen(tuple(sorted(taken, key=lambda file: (file.size, file.path))))


def _named(files: Sequence[Stated], patterns: Sequence[str], repository: str) -> list[Stated]:
    found = [file for file in files if any(fnmatchcase(file.path, one) for one in patterns)]
    if found or len(patterns) > 1:
        return found
    weights = [file.path for file in files if file.path.endswith(WEIGHTS)]
    near = get_close_matches(patterns[0], weights, n=3, cutoff=0.3) or weights[:5]
    there_are = f" It has: {', '.join(near)}." if near else " It has no .safetensors file at all."
    raise DownloadError("unknown", f"{repository} has no file {patterns[0]!r}.{there_are}")


def _model(files: Sequence[Stated], repository: str) -> list[Stated]:
    """Return the files of a diffusers folder, of a transformers one, or the one file there is."""
    top = [file for file in files if "/" not in file.path]
    names = {file.path for file in top}
    if INDEX in names:
        return [file for file in files if "/" in file.path or file.path == INDEX]
    weights = [file for file in top if file.path.endswith(WEIGHTS)]
    if "config.json" in names or len(_one_precision(weights)) == 1:
        return top
    every = [file.path for file in files if file.path.endswith(WEIGHTS)]
    if len(every) == 1:
        return [file for file in files if file.path == every[0]]
    if not every:
        raise _nothing(repository, files)
    shown = ", ".join(every[:8]) + (", ..." if len(every) > 8 else "")
    raise DownloadError(
        "unknown",
        f"{repository} holds {len(every)} models. Name one: hf:{repository}:FILE, where FILE is "
        f"one of {shown}.",
    )


def _one_precision(files: Sequence[Stated]) -> list[Stated]:
    """Return the files with one variant of each weights file, the first that all of it has."""
    groups: dict[tuple[str, str], dict[str, list[Stated]]] = {}
    kept: list[Stated] = []
    for file in files:
        if WEIGHTS not in file.path:
            kept.append(file)
            continue
        folder, stem, variant = _variant(file.path)
        groups.setdefault((folder, stem), {}).setdefault(variant, []).append(file)
    for variants in groups.values():
        kept += variants[_preferred(variants)]
    return kept


def _variant(path: str) -> tuple[str, str, str]:
    """Return folder, stem and variant of a weights file, of one of its shards, or of its index."""
    place = PurePosixPath(path)
    match = _WEIGHTS_NAME.fullmatch(place.name)
    if match is None:
        return str(place.parent), place.name, ""
    variant = match["before"] or match["behind"] or match["of_index"] or ""
    return str(place.parent), match["stem"], variant


def _preferred(variants: dict[str, list[Stated]]) -> str:
    whole = [
        name
        for name, files in variants.items()
        if any(file.path.endswith(WEIGHTS) for file in files)  # an index alone is none
    ]
    known = [name for name in _VARIANTS if name in whole]
    return known[0] if known else (whole or list(variants))[0]


def _check(file: Stated, repository: str) -> None:
    parts = file.path.split("/")
    if len(parts) > 6 or not all(_SAFE_PART.fullmatch(part) for part in parts):
        raise DownloadError(
            "format", f"{repository} names a file {file.path[:200]!r}, which is not accepted."
        )
    most = MAX_WEIGHTS_BYTES if file.path.endswith(WEIGHTS) else MAX_OTHER_BYTES
    if not 0 <= file.size <= most:
        raise DownloadError(
            "format",
            f"{file.path} of {repository} is stated to have {file.size} bytes; accepted are at "
            f"most {most} for such a file.",
        )
    if not (file.sha256 or file.git_sha1):
        raise DownloadError(
            "format",
            f"The hash of {file.path} of {repository} is not stated, so that nobody could tell "
            "what arrives. Nothing was fetched.",
        )


def _nothing(repository: str, files: Sequence[Stated]) -> DownloadError:
    others = sorted({PurePosixPath(file.path).suffix for file in files} - {*TAKEN, ""})
    there_are = f" (it has {', '.join(others[:6])})" if others else ""
    return DownloadError(
        "format",
        f"{repository} has no .safetensors file among what is wanted{there_are}. Other formats can "
        "run code when they are read and are not taken; look for an edition in safetensors.",
    )
