"""What the plug-in uses of GIMP itself: the one module that names gi and the versions of its parts.

GimpUi and Gtk are not here: `widgets` imports them, so that a batch run never looks for a screen.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import gi  # pyright: ignore[reportMissingImports]

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")

Foreign = Any  # an object of GIMP's libraries, for which there are no type stubs

Gegl: Foreign = import_module("gi.repository.Gegl")
Gimp: Foreign = import_module("gi.repository.Gimp")
GLib: Foreign = import_module("gi.repository.GLib")
GObject: Foreign = import_module("gi.repository.GObject")
