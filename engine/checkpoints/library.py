"""All model files of all configured folders, by kind and name.

A library is read in one pass: names and times of every file, then the headers of those that the
index does not know in that state. What is broken, refused or unknown is in it too, with the reason.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from engine.checkpoints.identity import identified_with, title_of
from engine.checkpoints.index import Index, Known
from engine.checkpoints.kinds import Identity, Kind
from engine.checkpoints.shelves import Shelf, shelves_in, shelves_of, well_known
from engine.checkpoints.sidecars import About, about
from engine.checkpoints.walks import Find, Walk

if TYPE_CHECKING:
    from engine.hookspecs import Options

SECTION = "library"  # of the options
AUTOV2_DIGITS = 10
_STORED_AT_ONCE = 200  # files that a reading which is cut off has to look at again


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One model file or folder. `name` is what prompts and requests call it, unique in its kind."""

    name: str
    path: Path
    identity: Identity
    about: About
    origin: str  # the program whose folder it lies in
    bytes: int
    modified_s: float
    stamp: str
    sha256: str | None = None  # None until it was computed

    @property
    def kind(self) -> Kind:
        """What it is."""
        return self.identity.kind

    @property
    def autov2(self) -> str | None:
        """The short hash by which web interfaces and model pages name a file."""
        whole = self.sha256
        return None if whole is None or self.path.is_dir() else whole[:AUTOV2_DIGITS]


@dataclass(frozen=True, slots=True)
class Change:
    """What is different since the library was read the last time."""

    added: tuple[Path, ...] = ()
    changed: tuple[Path, ...] = ()
    gone: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.gone)


class Library:
    """The model files of some folders; read at first use, and again when `refresh` is called.

    May be asked from several threads: they see one whole reading or the next, never half of one.
    """

    def __init__(self, shelves: Sequence[Shelf], index: Path | None = None) -> None:
        self.shelves = tuple(dict.fromkeys(shelves))
        self._index = None if index is None else Index(index)
        self._reading = Lock()
        self._entries: tuple[ModelFile, ...] | None = None
        self._folders: dict[str, int] = {}

    @property
    def entries(self) -> tuple[ModelFile, ...]:
        """Everything that was found, in the order of the shelves; refused files too."""
        if self._entries is None:
            self.refresh()
        return self._entries or ()

    @property
    def checkpoints(self) -> Mapping[str, Path]:
        """Whole models and bare networks by name."""
        return self._named("checkpoint", "diffusion model")

    @property
    def loras(self) -> Mapping[str, Path]:
        """LoRAs and LyCORIS by name."""
        return self._named("lora", "lycoris")

    @property
    def embeddings(self) -> Mapping[str, Path]:
        """Textual inversions by name."""
        return self._named("embedding")

    @property
    def vaes(self) -> Mapping[str, Path]:
        """Autoencoders by name, tiny ones too."""
        return self._named("vae")

    @property
    def upscalers(self) -> Mapping[str, Path]:
        """Upscaling networks by name."""
        return self._named("upscaler")

    def find(self, name: str) -> list[ModelFile]:
        """Return what goes by a name: its own, its file's, its path, or its short or whole hash."""
        lowered = name.lower()
        for fits in (
            lambda e: e.name == name or str(e.path) == name,
            lambda e: lowered in (e.name.lower(), e.path.name.lower(), e.path.stem.lower()),
            lambda e: e.sha256 is not None and len(name) >= 8 and e.sha256.startswith(lowered),
        ):
            found = [entry for entry in self.entries if fits(entry)]
            if found:
                return found
        return []

    def refresh(self, check: Callable[[], None] = lambda: None) -> Change:
        """Read the folders again and return what is different; `check` is called often."""
        with self._reading:
            before = self._entries or ()
            self._entries = self._read(check)
            return _difference(before, self._entries)

    def has_changed(self) -> bool:
        """Tell cheaply whether files came, went or were renamed: by the folders' own times."""
        for folder, when in self._folders.items():
            try:
                if Path(folder).stat().st_mtime_ns != when:
                    return True
            except OSError:
                return True
        return False

    def duplicates(self) -> list[tuple[ModelFile, ...]]:
        """Return models with the same bytes in different places, among those that were hashed.

        Two links to one file are no duplicates: removing one would free nothing.
        """
        alike: dict[str, dict[Path, ModelFile]] = {}
        for entry in self.entries:
            if entry.sha256 is not None:
                alike.setdefault(entry.sha256, {}).setdefault(entry.path.resolve(), entry)
        return [tuple(places.values()) for places in alike.values() if len(places) > 1]

    def unhashed(self) -> list[ModelFile]:
        """Return what has no hash yet, small files first."""
        waiting = [e for e in self.entries if e.sha256 is None and e.kind != "refused"]
        return sorted(waiting, key=lambda entry: entry.bytes)

    def hashed(self, entry: ModelFile, sha256: str) -> None:
        """Take note of the SHA-256 of an entry, in the state in which it was read."""
        if self._index is not None:
            self._index.store_hash(str(entry.path), entry.stamp, sha256)
        with self._reading:
            self._entries = tuple(
                replace(one, sha256=sha256)
                if one.path == entry.path and one.stamp == entry.stamp
                else one
                for one in self._entries or ()
            )

    def _named(self, *kinds: Kind) -> dict[str, Path]:
        usable = (entry for entry in self.entries if entry.kind in kinds)
        return {entry.name: entry.path for entry in usable}

    def _read(self, check: Callable[[], None]) -> tuple[ModelFile, ...]:
        walk = Walk()
        finds = [(shelf, find) for shelf in self.shelves for find in walk.under(shelf.path)]
        known = {} if self._index is None else self._index.known()
        hashes = {} if self._index is None else self._index.hashes()
        news: dict[str, Known] = {}
        entries: list[ModelFile] = []
        for shelf, find in finds:
            key = str(find.path)
            told = known.get(key)
            if told is None or told.stamp != find.stamp:
                check()
                told = news[key] = found_out(find)
                self._store(news, at_least=_STORED_AT_ONCE)
            stamp, sha256 = hashes.get(key, ("", None))
            same = sha256 if stamp == find.stamp else None
            entries.append(_entry(shelf, find, told, same))
        self._store(news, self._gone(known, {str(find.path) for _, find in finds}))
        self._folders = walk.folders
        return tuple(_uniquely_named(entries))

    def _gone(self, known: Collection[str], found: Collection[str]) -> list[str]:
        """Return what is no longer on these shelves; an index may serve other shelves too."""
        ours = tuple(f"{shelf.path}{os.sep}" for shelf in self.shelves)
        places = {str(shelf.path) for shelf in self.shelves}
        missing = (path for path in known if path not in found)
        return [path for path in missing if path in places or path.startswith(ours)]

    def _store(self, news: dict[str, Known], gone: Collection[str] = (), at_least: int = 1) -> None:
        """Write down what is new and forget what is gone, in pieces: a first reading may be cut."""
        if self._index is not None and (len(news) >= at_least or gone):
            self._index.store(news, gone)
            news.clear()


def library(
    models: Sequence[Path | str],
    options: Options | None = None,
    environment: Mapping[str, str] | None = None,
) -> Library:
    """Return the library of the settings: `models`, and what the options' section `library` says.

    There: `folder` (our own, looked into first), `paths` (groups in the style of
    extra_model_paths), `well_known` (also look where other programs put theirs) and `index` (the
    file that saves time).
    """
    told: Mapping[str, Any] = (options or {}).get(SECTION, {})
    shelves: list[Shelf] = []
    if told.get("folder"):
        shelves.append(Shelf(Path(str(told["folder"])).expanduser(), "Mahlstick"))
    for path in models:
        shelves += shelves_of(Path(path))
    for name, group in dict(told.get("paths", {})).items():
        shelves += shelves_in(group, Path.home(), str(name))
    if told.get("well_known"):
        for path in well_known(Path.home(), os.environ if environment is None else environment):
            shelves += shelves_of(path)
    index = told.get("index")
    return Library(shelves, None if index is None else Path(str(index)).expanduser())


def model_folders(models: Sequence[Path | str], options: Options | None = None) -> list[Path]:
    """Return the folders that the library of these settings reads; none of them is opened."""
    return [shelf.path for shelf in library(models, options).shelves]


def found_out(find: Find) -> Known:
    """Return what names, header and files beside it tell of a find."""
    identity, metadata = identified_with(find.path)
    return Known(find.stamp, identity, about(metadata, find.sides))


def _entry(shelf: Shelf, find: Find, told: Known, sha256: str | None) -> ModelFile:
    return ModelFile(
        name=title_of(find.path),
        path=find.path,
        identity=told.identity,
        about=told.about,
        origin=shelf.origin,
        bytes=find.bytes,
        modified_s=find.modified_s,
        stamp=find.stamp,
        sha256=sha256,
    )


def _uniquely_named(entries: Sequence[ModelFile]) -> Iterator[ModelFile]:
    """Give what shares a name with an earlier one of its kind its folder's name too."""
    taken: set[tuple[str, str]] = set()
    for entry in entries:
        name, number = entry.name, 1
        if (_group(entry), name) in taken:
            name = f"{entry.path.parent.name}/{entry.name}"
        while (_group(entry), name) in taken:
            number += 1
            name = f"{entry.path.parent.name}/{entry.name} ({number})"
        taken.add((_group(entry), name))
        yield entry if name == entry.name else replace(entry, name=name)


def _group(entry: ModelFile) -> str:
    together = {"lycoris": "lora", "diffusion model": "checkpoint"}
    return together.get(entry.kind, entry.kind)


def _difference(before: Sequence[ModelFile], after: Sequence[ModelFile]) -> Change:
    old = {entry.path: entry.stamp for entry in before}
    new = {entry.path: entry.stamp for entry in after}
    return Change(
        tuple(path for path in new if path not in old),
        tuple(path for path in new if path in old and new[path] != old[path]),
        tuple(path for path in old if path not in new),
    )
