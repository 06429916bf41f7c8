"""Gtk as GIMP dresses it; imported only where a window is shown."""

from __future__ import annotations

from importlib import import_module

import gi  # pyright: ignore[reportMissingImports]

from .host import Foreign

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
gi.require_version("GdkPixbuf", "2.0")
gi.require_version("GimpUi", "3.0")

Gdk: Foreign = import_module("gi.repository.Gdk")
GdkPixbuf: Foreign = import_module("gi.repository.GdkPixbuf")
GimpUi: Foreign = import_module("gi.repository.GimpUi")
Gtk: Foreign = import_module("gi.repository.Gtk")
