"""The plugin's package as it is in a bundle: with the wire inside it."""

from __future__ import annotations

from pathlib import Path

import plugins.krita

# `plugins/build.py` copies the wire there; here it is found where it lives.
plugins.krita.__path__.append(str(Path(__file__).parents[3] / "bridge"))
