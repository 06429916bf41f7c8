"""The plug-in's package as it is in a bundle, with the wire inside it, on fake GIMP libraries."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.plugins.gimp.fakes import modules

sys.modules.update(modules())

import plugins.gimp.mahlstick_gimp as package  # noqa: E402

# `plugins/build.py` copies the wire there; here it is found where it lives.
package.__path__.append(str(Path(__file__).parents[3] / "bridge"))
