"""unCLIP: pictures painted from the embedding of a picture, dreamt up from words or taken from one.

The embedded model and what painters download: each kind is a module, what they share lies beside
them. Importing this package imports neither torch nor diffusers: they are loaded with the weights.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.families import Family
from engine.families.unclip.downloaded import FAMILIES
from engine.families.unclip.embedded import CELL, MARK, NAME, TOUCHED, UnclipFamily, UnclipModel
from engine.hookspecs import hookimpl

__all__ = ["CELL", "MARK", "NAME", "TOUCHED", "UnclipFamily", "UnclipModel", "mahlstick_families"]


@hookimpl
def mahlstick_families() -> Sequence[Family]:
    """Register the families of the kind."""
    return (UnclipFamily(), *FAMILIES)
