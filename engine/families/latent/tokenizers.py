"""CLIP's vocabulary: in every model folder, in no single file, and always the same.

So a single file borrows it from whatever lies near: a folder `tokenizer` beside the file or in a
model folder nearby, a model that was pulled, or one in the hub's cache. Only its own two files
are looked for; nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from transformers import CLIPTokenizer

from engine.errors import ModelError

FOLDERS_UP = 3  # above a checkpoint, in whose folders a vocabulary is looked for
_FILES = (("vocab.json", "merges.txt"), ("tokenizer.json",))
_NAMES = ("tokenizer", "tokenizer_2")


def tokenizer_in(folder: Path) -> CLIPTokenizer:
    """Return the tokenizer of a folder; ModelError where its files are missing or broken."""
    if not _holds(folder):
        raise ModelError(
            f"{folder} holds no vocabulary (vocab.json and merges.txt). Get the model again."
        )
    try:
        return CLIPTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"The vocabulary in {folder} cannot be read ({error}). Get the model again."
        ) from error


def borrowed(checkpoint: Path, vocabulary: int, own: Path | None = None) -> CLIPTokenizer:
    """Return the tokenizer nearest to a single file that has as many words as its text encoder.

    `own` is the folder that models are pulled into. ModelError says what to do where there is none.
    """
    tried = []
    for folder in _near(checkpoint, own):
        found = tokenizer_in(folder)
        if len(found) == vocabulary:
            return found
        tried.append(f"{folder} has {len(found)} words")
    others = f" ({'; '.join(tried)}, the model has {vocabulary})" if tried else ""
    raise ModelError(
        f"{checkpoint.name} needs CLIP's vocabulary, which single files do not carry, and none was "
        f"found{others}. Put a folder named tokenizer with vocab.json and merges.txt beside it, or "
        "get any Stable Diffusion model as a folder (`mahlstick models pull sd15`): all of them "
        "share one vocabulary."
    )


def _near(checkpoint: Path, own: Path | None) -> Iterator[Path]:
    """Yield folders that hold a vocabulary, the nearest first."""
    parents = checkpoint.resolve().parents
    for parent in list(parents)[:FOLDERS_UP]:
        yield from _in_models(parent)
    if own is not None:
        yield from _in_models(own)
    yield from _in_hub_cache()


def _in_models(folder: Path) -> Iterator[Path]:
    """Yield the vocabularies of a folder, of those in it, and of those in these."""
    inside = _folders(folder)
    for model in (folder, *inside, *(deeper for each in inside for deeper in _folders(each))):
        yield from (model / name for name in _NAMES if _holds(model / name))


def _in_hub_cache() -> Iterator[Path]:
    from huggingface_hub.constants import HF_HUB_CACHE

    for repository in _folders(Path(HF_HUB_CACHE)):
        for snapshot in _folders(repository / "snapshots"):
            yield from (snapshot / name for name in _NAMES if _holds(snapshot / name))


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if entry.is_dir())
    except OSError:  # not there, or not ours to read
        return []


def _holds(folder: Path) -> bool:
    try:
        return any(all((folder / file).is_file() for file in files) for files in _FILES)
    except OSError:
        return False
