"""Where editors keep their plugins: tables of folders, by system and by how the editor came here.

A place is told when there are signs of its editor: its folder, its settings, or its program on the
path. An AppImage uses the folders of an ordinary installation; a flatpak, a snap and the Microsoft
Store each have their own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bridge.editors import kritarc

Editor = Literal["krita", "gimp"]
Packaging = Literal["", "flatpak", "snap", "Microsoft Store"]
EDITORS: tuple[Editor, ...] = ("krita", "gimp")
KRITA_ID, GIMP_ID = "org.kde.krita", "org.gimp.GIMP"  # the flatpaks' names
_GIMPS = ("gimp", "gimp-3", "gimp-3.0", "gimp-3.2")
_VERSION = re.compile(r"\b(3\.\d+)\.\d+")
_PROFILE = re.compile(r"3\.\d+")


@dataclass(frozen=True)
class Place:
    """A folder that an editor reads plugins from. `root` is what bundles are unpacked into:
    Krita's resource folder, GIMP's plug-ins folder.
    """

    editor: Editor
    name: str
    root: Path
    settings: Path | None = None  # Krita's, where plugins are switched on
    packaging: Packaging = ""

    @property
    def program(self) -> Path:
        """The folder that holds our plugin and nothing else."""
        return self.target("mahlstick")

    @property
    def package(self) -> Path:
        """The Python package in it, where the wire and the installer's file are."""
        return self.program if self.editor == "krita" else self.program / "mahlstick_gimp"

    def target(self, entry: str) -> Path:
        """Return where a file of the bundle goes."""
        if self.editor == "krita" and not entry.startswith("actions/"):
            return self.root / "pykrita" / entry
        return self.root / entry


@dataclass(frozen=True)
class Machine:
    """What decides where folders are; a test gives a made-up one."""

    home: Path = field(default_factory=Path.home)
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    platform: str = sys.platform

    def variable(self, name: str, otherwise: Path) -> Path:
        """Return the folder that a variable names; one that is not absolute does not count."""
        given = self.environment.get(name, "")
        return Path(given) if Path(given).is_absolute() else otherwise

    @property
    def config(self) -> Path:
        """Where programs keep settings."""
        if self.platform == "win32":
            return self.variable("LOCALAPPDATA", self.home / "AppData" / "Local")
        if self.platform == "darwin":
            return self.home / "Library" / "Preferences"
        return self.variable("XDG_CONFIG_HOME", self.home / ".config")

    @property
    def roaming(self) -> Path:
        """Where programs keep what a painter adds to them, on Windows and macOS."""
        if self.platform == "win32":
            return self.variable("APPDATA", self.home / "AppData" / "Roaming")
        return self.home / "Library" / "Application Support"

    def program(self, name: str) -> str | None:
        """Return a program's path, if it is where the painter's shell finds it."""
        return shutil.which(name, path=self.environment.get("PATH", os.defpath))


def places(editor: Editor, machine: Machine | None = None) -> list[Place]:
    """Return every place with signs of this editor, the ordinary installation first."""
    here = machine or Machine()
    found = _krita_places(here) if editor == "krita" else _gimp_places(here)
    return list({place.root.resolve(): place for place in reversed(list(found))}.values())[::-1]


def chosen(editor: Editor, folder: Path, machine: Machine | None = None) -> Place:
    """Return the place a painter named: a resource, `pykrita`, profile or plug-ins folder."""
    here, folder = machine or Machine(), folder.expanduser().absolute()
    if editor == "gimp":
        is_profile = _PROFILE.fullmatch(folder.name) or (folder / "gimprc").exists()
        return Place("gimp", "GIMP", folder / "plug-ins" if is_profile else folder)
    root = folder.parent if folder.name == "pykrita" else folder
    for place in places("krita", here):
        if place.root.resolve() == root.resolve():
            return place
    return Place("krita", "Krita", root, here.config / "kritarc")


def looked_at(editor: Editor, machine: Machine | None = None) -> list[Path]:
    """Return the folders in which signs of this editor are looked for."""
    here = machine or Machine()
    if editor == "krita":
        return [row[1] for row in _krita_table(here)]
    return [row[1] for row in _gimp_table(here)]


def _krita_table(here: Machine) -> list[tuple[Packaging, Path, Path]]:
    """Rows of packaging, resource folder, settings."""
    if here.platform == "win32":
        rows: list[tuple[Packaging, Path, Path]] = [
            ("", here.roaming / "krita", here.config / "kritarc")
        ]
        for cache in _store_caches(here, "Krita"):
            store = (cache / "Roaming" / "krita", cache / "Local" / "kritarc")
            rows.append(("Microsoft Store", *store))
        return rows
    if here.platform == "darwin":
        return [("", here.roaming / "krita", here.config / "kritarc")]
    data = here.variable("XDG_DATA_HOME", here.home / ".local" / "share")
    flatpak, snap = here.home / ".var" / "app" / KRITA_ID, here.home / "snap" / "krita" / "current"
    return [
        ("", data / "krita", here.config / "kritarc"),
        ("flatpak", flatpak / "data" / "krita", flatpak / "config" / "kritarc"),
        ("snap", snap / ".local" / "share" / "krita", snap / ".config" / "kritarc"),
    ]


def _krita_places(here: Machine) -> Iterator[Place]:
    for packaging, usual, settings in _krita_table(here):
        text = kritarc.read(settings)
        root = kritarc.resource_folder(text, here.home) or usual
        on_path = not packaging and here.program("krita") is not None
        if root.is_dir() or settings.is_file() or on_path:
            yield Place("krita", _named("Krita", packaging), root, settings, packaging)


def _gimp_table(here: Machine) -> list[tuple[Packaging, Path]]:
    """Rows of packaging and the folder that holds a profile for each version."""
    if here.platform == "win32":
        caches = _store_caches(here, "GIMP")
        stores = [cache / "Roaming" / "GIMP" for cache in caches]
        return [("", here.roaming / "GIMP"), *(("Microsoft Store", store) for store in stores)]
    if here.platform == "darwin":
        return [("", here.roaming / "GIMP")]
    flatpak, snap = here.home / ".var" / "app" / GIMP_ID, here.home / "snap" / "gimp" / "current"
    return [
        ("", here.config / "GIMP"),  # the flatpak's too, where it may write there
        ("flatpak", flatpak / "config" / "GIMP"),
        ("snap", snap / ".config" / "GIMP"),
    ]


def _gimp_places(here: Machine) -> Iterator[Place]:
    own = here.environment.get("GIMP3_DIRECTORY")
    if own and Path(own).is_absolute():
        yield Place("gimp", "GIMP (GIMP3_DIRECTORY)", Path(own) / "plug-ins")
    for packaging, folder in _gimp_table(here):
        versions = {path.name for path in folder.glob("3.*") if _PROFILE.fullmatch(path.name)}
        if not packaging:
            versions |= _installed_gimps(here)
        for version in sorted(versions, key=lambda name: int(name[2:]), reverse=True):
            name = _named(f"GIMP {version}", packaging)
            yield Place("gimp", name, folder / version / "plug-ins", None, packaging)


def _installed_gimps(here: Machine) -> set[str]:
    """Return the versions on the path: one that never ran has no profile yet."""
    programs = {here.program(name) for name in _GIMPS} - {None}
    found = (_VERSION.search(_said_version(str(program))) for program in programs)
    return {match[1] for match in found if match}


def _said_version(program: str) -> str:
    try:
        told = subprocess.run(  # noqa: S603 - GIMP, from the painter's own path
            [program, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stdout


def _store_caches(here: Machine, name: str) -> list[Path]:
    return sorted(here.config.glob(f"Packages/*{name}*/LocalCache"))


def _named(name: str, packaging: Packaging) -> str:
    return f"{name} ({packaging})" if packaging else name
