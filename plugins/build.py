"""One installable bundle per editor: its plugin, the wire, and the library the wire speaks through.

    python -m plugins.build            every editor, into dist
    python -m plugins.build krita --out /some/folder

An editor is a folder beside this file with a `bundle.toml` that says where its files go. The wire
and a pure Python `websockets` are copied under the bundle's own package: editors run all their
plugins in one interpreter, where another plugin's release must neither be used nor replaced. Both
are copied at build time and committed nowhere, and the translations are compiled. Only the standard
library is used.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from plugins import catalogues

PLUGINS = Path(__file__).resolve().parent
ROOT = PLUGINS.parent
CACHE = ROOT / "build" / "wheels"
LAYOUT = "bundle.toml"
VERSION = "VERSION"  # a file in every bundle's package

# The last release for Python 3.10, which some editors still carry.
WEBSOCKETS = "16.0"
WHEEL = f"websockets-{WEBSOCKETS}-py3-none-any.whl"
WHEEL_SHA256 = "1637db62fad1dc833276dded54215f2c7fa46912301a24bd94d45d46a011ceec"

# The client needs none of these: other ways to use the library, and its C part.
LEFT_OUT = re.compile(
    r"(asyncio|legacy)/|(sync/)?(server|router)\.py|(__main__|auth|cli|connection|http)\.py"
    r"|speedups\..*|py\.typed"
)
KEPT_CONNECTION = "sync/connection.py"
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the same bytes from the same sources


class BuildError(Exception):
    """A bundle cannot be made; a sentence that says why and what to do."""


@dataclass(frozen=True)
class Layout:
    """Where things go in a bundle; all paths are relative to its root."""

    sources: PurePosixPath
    package: PurePosixPath
    place: dict[str, PurePosixPath] = field(default_factory=dict)
    executable: tuple[str, ...] = ()

    @classmethod
    def read(cls, editor: str) -> Layout:
        """Return an editor's layout; raises `BuildError`."""
        path = PLUGINS / editor / LAYOUT
        if editor not in editors():
            known = ", ".join(editors())
            raise BuildError(f"There is no editor {editor!r}; accepted are {known}.")
        found = tomllib.loads(path.read_text("utf-8"))
        return cls(
            PurePosixPath(found["sources"]),
            PurePosixPath(found["package"]),
            {name: PurePosixPath(target) for name, target in found.get("place", {}).items()},
            tuple(found.get("executable", ())),
        )


def editors() -> list[str]:
    """Return the editors that have a plugin here."""
    return sorted(path.parent.name for path in PLUGINS.glob(f"*/{LAYOUT}"))


def version() -> str:
    """Return the version that is built."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def build(editor: str, out_dir: Path, wheel: Path | None = None) -> Path:
    """Return the zip that an editor's user installs, made anew in `out_dir`."""
    bundle = stage(editor, out_dir / editor, wheel)
    archive = out_dir / f"mahlstick-{editor}.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for path in sorted(bundle.rglob("*")):
            # Folders too: Krita's importer looks for the package's own entry.
            slash = "/" if path.is_dir() else ""
            entry = zipfile.ZipInfo(path.relative_to(bundle).as_posix() + slash, _ZIP_TIME)
            entry.external_attr = (path.stat().st_mode & 0xFFFF) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, b"" if slash else path.read_bytes())
    return archive


def stage(editor: str, bundle: Path, wheel: Path | None = None) -> Path:
    """Return the folder with an editor's bundle unpacked, as the zip holds it; made anew."""
    layout = Layout.read(editor)
    wheel = fetch_wheel() if wheel is None else checked(wheel)
    shutil.rmtree(bundle, ignore_errors=True)
    _copy_sources(PLUGINS / editor, bundle, layout)
    package = bundle / layout.package
    _copy_wire(package / "wire")
    _vendor(wheel, package / "_vendor")
    catalogues.write(package)
    shutil.copyfile(ROOT / "LICENSE", package / "LICENSE")
    (package / VERSION).write_text(version(), "utf-8")
    for name in layout.executable:
        (bundle / name).chmod(0o755)
    return bundle


def fetch_wheel(cache: Path = CACHE) -> Path:
    """Return the library's wheel, from the cache or, once, through pip; raises `BuildError`."""
    wheel = cache / WHEEL
    if not wheel.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            _download(Path(folder), cache)
            os.replace(Path(folder) / WHEEL, wheel)  # two builds at once do no harm
    return checked(wheel)


def checked(wheel: Path) -> Path:
    """Return the wheel if it is the one that was reviewed; raises `BuildError`."""
    try:
        given = hashlib.sha256(wheel.read_bytes()).hexdigest()
    except OSError as error:
        raise BuildError(f"The wheel {wheel} cannot be read: {error.strerror}.") from error
    if given != WHEEL_SHA256:
        raise BuildError(
            f"{wheel} has the SHA-256 {given}; accepted is {WHEEL_SHA256}, that of {WHEEL}. "
            "Delete the file and build again."
        )
    return wheel


def _download(folder: Path, cache: Path) -> None:
    platform = ["--platform", "any", "--implementation", "py", "--abi", "none"]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *platform]
    command += ["--python-version", "3.10", "--only-binary", ":all:", "--dest", str(folder)]
    try:
        subprocess.run(  # noqa: S603 - our own words
            [*command, f"websockets=={WEBSOCKETS}"], check=True, capture_output=True, text=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        reason = str(getattr(error, "stderr", "") or error).strip().splitlines()[-1:]
        raise BuildError(
            f"pip could not fetch {WHEEL}: {' '.join(reason)} Fetch the file otherwise and put it "
            f"into {cache}."
        ) from error


def _sources(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part == "__pycache__" or part.startswith(".") for part in parts)
        if path.is_file() and not hidden and parts != (LAYOUT,):
            yield path


def _copy_sources(folder: Path, bundle: Path, layout: Layout) -> None:
    for path in _sources(folder):
        name = path.relative_to(folder).as_posix()
        target = bundle / layout.place.get(name, layout.sources / name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def _copy_wire(target: Path) -> None:
    target.mkdir()
    for path in sorted((ROOT / "bridge" / "wire").glob("*.py")):
        text = path.read_text("utf-8")
        # In the bundle the library lies beside the wire, under the same package.
        text = re.sub(r"^from websockets\.", "from .._vendor.websockets.", text, flags=re.MULTILINE)
        (target / path.name).write_text(text, "utf-8")


def _vendor(wheel: Path, target: Path) -> None:
    with zipfile.ZipFile(wheel) as source:
        for name in sorted(source.namelist()):
            kept = _vendored_name(name)
            if kept:
                (target / kept).parent.mkdir(parents=True, exist_ok=True)
                (target / kept).write_bytes(source.read(name))
    (target / "__init__.py").write_text(f'"""websockets {WEBSOCKETS}, without its C part."""\n')


def _vendored_name(name: str) -> str:
    """Return where a file of the wheel goes under `_vendor`, empty for one that is left out."""
    if name.endswith("/licenses/LICENSE"):
        return "websockets/LICENSE"
    package, _, path = name.partition("/")
    if package != "websockets" or (LEFT_OUT.match(path) and path != KEPT_CONNECTION):
        return ""
    return name


def main(arguments: list[str] | None = None) -> int:
    """Build the bundles named on the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Make one installable bundle per editor.")
    parser.add_argument("editors", nargs="*", metavar="EDITOR", help=", ".join(editors()))
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--wheel", type=Path, help=f"{WHEEL}, instead of asking pip for it")
    chosen = parser.parse_args(arguments)
    try:
        for editor in chosen.editors or editors():
            sys.stdout.write(f"{build(editor, chosen.out, chosen.wheel)}\n")
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
