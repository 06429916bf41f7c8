"""The zip with an editor's plugin: the one in the wheel, or one made now from a checkout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import bridge
from bridge.editors.places import Editor
from bridge.errors import PluginError

PACKAGE = Path(bridge.__file__).resolve().parent
SHIPPED = PACKAGE / "bundles"
SOURCES = PACKAGE.parent / "plugins" / "build.py"


def bundle(editor: Editor, out_dir: Path, shipped: Path = SHIPPED, sources: Path = SOURCES) -> Path:
    """Return the editor's zip: put into `out_dir` by a build, or the one that was shipped.

    Raises `PluginError`.
    """
    name = f"mahlstick-{editor}.zip"
    if sources.is_file():  # a checkout: what is being worked on, not what was built some time ago
        return _built(editor, out_dir, sources)
    if (shipped / name).is_file():
        return shipped / name
    raise PluginError(
        f"This installation of Mahlstick has no plugin for {editor}: {shipped / name} is missing. "
        "Install Mahlstick again, from its wheel or from a checkout."
    )


def _built(editor: Editor, out_dir: Path, sources: Path) -> Path:
    root = sources.parents[1]
    command = [sys.executable, "-m", "plugins.build", editor, "--out", str(out_dir.absolute())]
    ran = subprocess.run(  # noqa: S603 - our own builder
        command, cwd=root, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        said = ran.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise PluginError(f"The plugin for {editor} could not be built: {said[0]}")
    return Path(ran.stdout.strip())
