"""Puts the editors' bundles into the wheel; everything else is said in pyproject.toml."""

import sys
import tempfile
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))  # a build backend does not look beside this file

from plugins import build  # noqa: E402


class BuildWithBundles(build_py):
    """Copies the packages as usual, and the zips beside them."""

    def run(self) -> None:
        """Build; an editable install has the plugins' sources at hand and needs no zips."""
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib, "bridge", "bundles")
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            for editor in build.editors():
                archive = build.build(editor, Path(folder))
                (target / archive.name).write_bytes(archive.read_bytes())


setup(cmdclass={"build_py": BuildWithBundles})
