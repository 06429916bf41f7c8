"""Model files and folders under a folder, found by names alone, each with a stamp of its state.

A diffusers folder, or a part's folder with its configuration, is one find. Hidden folders (the
hub's blobs, downloads under way, what was removed) are not looked into. Links are followed, as the
hub's cache and many shared shelves are made of them, and a folder that was seen is not seen twice.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2s
from pathlib import Path

from engine.checkpoints.headers import INDEX_SUFFIX

WEIGHTS = (".safetensors",)
OTHERS = (".ckpt", ".pt", ".pth", ".bin", ".gguf")  # listed as refused, and never opened
PART_FILES = ("model.", "diffusion_pytorch_model.")  # how diffusers and transformers name them
MARKS = ("model_index.json", "unclip.json")
_SKIPPED = frozenset({"blobs", "node_modules", "venv", "site-packages", "custom_nodes"})
_DEPTH = 12  # of folders in folders


@dataclass(frozen=True, slots=True)
class Find:
    """A model file or folder: its bytes, when it changed, and a stamp that changes with it.

    `sides` are files beside it that may say more of it: descriptions and pictures.
    """

    path: Path
    stamp: str
    bytes: int
    modified_s: float
    sides: tuple[Path, ...] = ()


@dataclass(slots=True)
class Walk:
    """One walk over some folders; `folders` are those seen, with the time each changed at."""

    folders: dict[str, int] = field(default_factory=dict)
    _seen: set[tuple[int, int]] = field(default_factory=set)

    def under(self, folder: Path) -> Iterator[Find]:
        """Yield what lies under a folder, or the folder or file itself where that is a model."""
        if folder.is_file():
            found = find_of(folder)
            yield from () if found is None else (found,)
            return
        yield from self._folder(str(folder), _DEPTH)

    def _folder(self, folder: str, depth: int) -> Iterator[Find]:
        try:
            state = os.stat(folder)
            if (state.st_dev, state.st_ino) in self._seen:
                return
            entries = {entry.name: entry for entry in os.scandir(folder)}
        except OSError:  # gone meanwhile, or not ours to read
            return
        self._seen.add((state.st_dev, state.st_ino))
        self.folders[folder] = state.st_mtime_ns
        if _is_model(entries):
            yield from _whole(folder)
            return
        yield from self._files(entries)
        for name in sorted(entries):
            entry = entries[name]
            if depth and not name.startswith(".") and name not in _SKIPPED and _is_dir(entry):
                yield from self._folder(entry.path, depth - 1)

    def _files(self, entries: Mapping[str, os.DirEntry[str]]) -> Iterator[Find]:
        for name in sorted(entries):
            if not name.lower().endswith((*WEIGHTS, *OTHERS)) or name.startswith("."):
                continue
            found = _file(entries[name], entries)
            if found is not None and self._is_new(entries[name]):
                yield found

    def _is_new(self, entry: os.DirEntry[str]) -> bool:
        """Tell whether a file was not reached by another link before."""
        state = entry.stat()
        key = (state.st_dev, state.st_ino)
        if state.st_ino and key in self._seen:  # on Windows an entry has no number
            return False
        self._seen.add(key)
        return True


def find_of(path: Path) -> Find | None:
    """Return the find of one file or folder, None where it is gone."""
    if path.is_dir():
        return next(_whole(str(path)), None)
    try:
        entries = {entry.name: entry for entry in os.scandir(path.parent)}
    except OSError:
        return None
    return _file(entries[path.name], entries) if path.name in entries else None


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_model(entries: Mapping[str, os.DirEntry[str]]) -> bool:
    if any(mark in entries for mark in MARKS):
        return True
    if any(name.endswith(INDEX_SUFFIX) for name in entries):
        return True
    weights = [name for name in entries if name.endswith(WEIGHTS)]
    return "config.json" in entries and any(
        name.startswith(PART_FILES) or len(weights) == 1 for name in weights
    )


def _whole(folder: str) -> Iterator[Find]:
    digest, total, newest = blake2s(digest_size=12), 0, 0
    for root, names, files in os.walk(folder, followlinks=True):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(files):
            path = os.path.join(root, name)
            try:
                state = os.stat(path)
            except OSError:
                continue
            digest.update(f"{path}\0{state.st_mtime_ns}\0{state.st_size}\0".encode())
            total, newest = total + state.st_size, max(newest, state.st_mtime_ns)
        if root.count(os.sep) - folder.count(os.sep) >= _DEPTH:
            names.clear()
    yield Find(Path(folder), digest.hexdigest(), total, newest / 1e9)


def _file(entry: os.DirEntry[str], entries: Mapping[str, os.DirEntry[str]]) -> Find | None:
    try:
        state = entry.stat()
        if not entry.is_file():
            return None
    except OSError:  # a link that leads nowhere
        return None
    stem = entry.name.rpartition(".")[0]
    sides = [entries[name] for name in _side_names(stem, entry.name) if name in entries]
    stamp = f"{state.st_mtime_ns}:{state.st_size}" + _stamps(sides)
    paths = tuple(Path(side.path) for side in sides)
    return Find(Path(entry.path), stamp, state.st_size, state.st_mtime_ns / 1e9, paths)


def _side_names(stem: str, name: str) -> Sequence[str]:
    pictures = (".png", ".jpg", ".jpeg", ".webp")
    return (
        f"{stem}.json",
        f"{stem}.civitai.info",
        f"{stem}.metadata.json",
        f"{stem}.cm-info.json",
        f"{stem}.yaml",
        *(f"{stem}.preview{suffix}" for suffix in pictures),
        *(f"{stem}{suffix}" for suffix in pictures),
        *(f"{name}{suffix}" for suffix in pictures),
    )


def _stamps(sides: Sequence[os.DirEntry[str]]) -> str:
    stamps = ""
    for side in sides:
        try:
            state = side.stat()
        except OSError:
            continue
        stamps += f"|{side.name}:{state.st_mtime_ns}:{state.st_size}"
    return stamps
