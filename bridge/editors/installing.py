"""Putting a bundle into its place, whole or not at all, and taking it away again.

The new folder is made beside the old one and takes its place by a rename; a failure in between
leaves the old one. The file that the installer writes into it lists what it installed: only that is
removed later, and what else lies there (a painter's own file) stays or moves along.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bridge.editors import kritarc
from bridge.editors.places import Place
from bridge.errors import PluginError
from bridge.wire.installation import FILE, Installation, read_installation

UNKNOWN = "of unknown version"
_MADE_BY_PYTHON = "__pycache__"


@dataclass(frozen=True)
class Installed:
    """A plugin that is in its place."""

    place: Place
    version: str
    enabled: bool  # Krita loads it; GIMP loads whatever is there


def installed(place: Place) -> Installed | None:
    """Return what is installed in a place; None when our plugin is not."""
    if not _is_ours(place):
        return None
    told = read_installation(place.package)
    version = told.version if told and told.version else _version_file(place)
    switched = place.settings is None or kritarc.is_enabled(kritarc.read(place.settings))
    return Installed(place, version, switched)


def install(place: Place, bundle: Path, told: Installation) -> None:
    """Unpack a bundle into its place, over an older one, and switch it on; raises `PluginError`."""
    _refuse_what_is_not_ours(place)
    with _told_plainly(place), zipfile.ZipFile(bundle) as archive:
        files = [entry for entry in archive.infolist() if not entry.is_dir()]
        names = sorted(_relative(place, entry.filename) for entry in files)
        place.program.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".mahlstick-", dir=place.program.parent) as folder:
            for entry in files:
                _unpack(archive, entry, Path(folder))
            fresh = Path(folder) / "mahlstick"
            package = fresh / place.package.relative_to(place.program)
            (package / FILE).write_text(replace(told, files=names).text(), "utf-8")
            _bring_along(place, fresh)
            _swap(place.program, fresh, Path(folder) / "old")
            for entry in files:
                if not entry.filename.startswith("mahlstick/"):
                    _place(Path(folder) / entry.filename, place.target(entry.filename))
        if place.settings is not None:
            _edit(place.settings, kritarc.enabled(kritarc.read(place.settings)))


def uninstall(place: Place) -> list[Path]:
    """Remove what was installed; return what is left because it is not ours. `PluginError`."""
    _refuse_what_is_not_ours(place)
    told = read_installation(place.package)
    with _told_plainly(place):
        if place.settings is not None and place.settings.is_file():
            _edit(place.settings, kritarc.disabled(kritarc.read(place.settings)))
        for path in _own_files(place, told):
            path.unlink(missing_ok=True)
        _clear(place.program)
    return sorted(path for path in place.program.rglob("*") if path.is_file())


def _relative(place: Place, entry: str) -> str:
    return place.target(entry).relative_to(place.root).as_posix()


def _is_ours(place: Place) -> bool:
    marks = (place.package / FILE, place.package / "VERSION", place.package / "wire" / "codec.py")
    return any(mark.is_file() for mark in marks)


def _refuse_what_is_not_ours(place: Place) -> None:
    folder = place.program
    if folder.is_symlink():
        raise PluginError(f"{folder} is a link, which somebody made by hand. Remove it first.")
    if folder.exists() and any(folder.iterdir()) and not _is_ours(place):
        raise PluginError(
            f"{folder} is there already and is not this plugin. Move it away, then try again."
        )


def _version_file(place: Place) -> str:
    try:
        return (place.package / "VERSION").read_text("utf-8").strip() or UNKNOWN
    except OSError:
        return UNKNOWN


@contextlib.contextmanager
def _told_plainly(place: Place) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PluginError(
            f"{place.name}: {error.filename or place.root} cannot be written: "
            f"{error.strerror or error}. Close the editor, see that you may write there, or name "
            "another folder with --folder."
        ) from error
    except zipfile.BadZipFile as error:
        raise PluginError(f"The bundle is damaged: {error}. Install Mahlstick again.") from error


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> None:
    path = Path(archive.extract(entry, folder))
    path.chmod((entry.external_attr >> 16) & 0o777 or 0o644)  # GIMP runs only what may be run


def _own_files(place: Place, told: Installation | None) -> list[Path]:
    """Return the installed files; of a bundle that Krita's importer unpacked, all there are."""
    if told is not None and told.files:
        named = [place.root / name for name in told.files]
        return [*(path for path in named if _is_inside(path, place.root)), place.package / FILE]
    found = [path for path in place.program.rglob("*") if path.is_file()]
    beside = ("mahlstick.desktop", "actions/mahlstick.action") if place.editor == "krita" else ()
    return [*found, *map(place.target, beside)]


def _is_inside(path: Path, root: Path) -> bool:
    # The list is read from a file; nothing it says may reach elsewhere.
    return ".." not in path.parts and path.is_relative_to(root)


def _bring_along(place: Place, fresh: Path) -> None:
    """Copy a painter's own files from the old folder into the new one."""
    told = read_installation(place.package)
    if told is None or not told.files:
        return
    ours = set(_own_files(place, told))
    for path in place.program.rglob("*"):
        target = fresh / path.relative_to(place.program)
        foreign = path.is_file() and path not in ours and _MADE_BY_PYTHON not in path.parts
        if foreign and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)


def _swap(target: Path, fresh: Path, aside: Path) -> None:
    """Put a folder in another's place; on failure the old one is where it was."""
    if target.exists():
        target.rename(aside)
    try:
        fresh.rename(target)
    except OSError:
        if aside.exists():
            aside.rename(target)
        raise


def _place(source: Path, target: Path) -> None:
    """Put one file in its place, whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(source, target)


def _edit(settings: Path, text: str) -> None:
    """Write Krita's settings whole and only when they change; a link stays a link."""
    if text == kritarc.read(settings):
        return
    path = settings.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600  # as Krita makes it
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".kritarc-")
    with os.fdopen(handle, "wb") as file:
        file.write(text.encode("utf-8", "surrogateescape"))
    Path(name).chmod(mode)
    os.replace(name, path)


def _clear(folder: Path) -> None:
    """Remove what Python made in a folder, and every folder that is empty then."""
    for path in sorted(folder.rglob(_MADE_BY_PYTHON)):
        shutil.rmtree(path)
    folders = [path for path in folder.rglob("*") if path.is_dir()]
    for path in [*sorted(folders, reverse=True), folder]:
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
