"""Mahlstick inside Krita. Outside of it, importing this package does nothing."""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("krita") is not None:
    from .extension import register

    register()
