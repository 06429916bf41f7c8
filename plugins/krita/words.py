"""How things stand, as sentences for the painter."""

from __future__ import annotations

from .easel import Easel
from .protocol import Painting

_STATES = {
    "sending": "Sending the picture.",
    "queued": "Next.",
    "painting": "Painting.",
    "finished": "Done. Click a candidate to see it on the canvas.",
    "cancelled": "Cancelled; the picture is as it was.",
}


def sentence(easel: Easel | None) -> str:
    """Return what to tell about a painting; empty when there is none."""
    if easel is None:
        return ""
    painting = easel.painting
    if easel.dropped:
        return _STATES["cancelled"]
    if painting.state == "failed":
        tried = f" Try: {', '.join(painting.suggestions)}." if painting.suggestions else ""
        return painting.message + tried
    if painting.state == "queued" and painting.position:
        return f"Waiting; {painting.position} before this."
    if painting.state == "loading":
        return f"Reading the model {painting.model}."
    return "\n".join([_STATES[painting.state], *_remarks(painting)])


def _remarks(painting: Painting) -> list[str]:
    layout = painting.layout
    if layout is None:
        return []
    words = ", ".join(layout.unknown_words)
    return [*layout.notes, *([f"The model does not know: {words}."] if words else [])]
