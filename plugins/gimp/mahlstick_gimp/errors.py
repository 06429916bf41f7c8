"""PainterError: a sentence for the painter. Nothing else is ever shown to him."""

from __future__ import annotations


class PainterError(Exception):
    """What went wrong and what to do about it, in a sentence that GIMP shows as it is."""
