"""How things stand, as sentences for the painter."""

from __future__ import annotations

from .easel import Easel
from .language import noted, tr, trn
from .protocol import Painting, spoken

CANCELLED = noted("Cancelled; the picture is as it was.")
_STATES = {
    "sending": noted("Sending the picture."),
    "queued": noted("Next."),
    "painting": noted("Painting."),
    "finished": noted("Done. Click a candidate to see it on the canvas."),
    "cancelled": CANCELLED,
}


def sentence(easel: Easel | None, seconds_left: float | None = None) -> str:
    """Return what to tell about a painting; empty when there is none."""
    if easel is None:
        return ""
    painting = easel.painting
    if easel.dropped:
        return tr(CANCELLED)
    if painting.state == "failed":
        return _failure(painting)
    if painting.state == "queued" and painting.position:
        before = painting.position
        return trn("Waiting; {n} before this.", "Waiting; {n} before this.", before)
    if painting.state == "loading":
        return tr("Reading the model {model}.", model=painting.model)
    said = tr(_STATES[painting.state])
    if painting.state == "painting" and seconds_left is not None:
        said = tr("Painting; about {time} left.", time=spoken(seconds_left))
    return "\n".join([said, *_remarks(painting)])


def _failure(painting: Painting) -> str:
    if not painting.suggestions:
        return painting.message
    tried = tr("Try: {words}.", words=", ".join(painting.suggestions))
    return f"{painting.message} {tried}"


def _remarks(painting: Painting) -> list[str]:
    layout = painting.layout
    if layout is None:
        return []
    words = ", ".join(layout.unknown_words)
    if not words or any(words in note for note in layout.notes):
        return layout.notes  # the engine has said it already
    return [*layout.notes, tr("The model does not know: {words}.", words=words)]
