"""How things stand, as sentences for the painter; nothing of GTK."""

from __future__ import annotations

from .job import Outcome
from .language import tr, trn
from .protocol import Painting, spoken


def standing(painting: Painting, left_s: float | None = None) -> str:
    """What a painting that is under way is doing, and how long it will still take."""
    if painting.state == "queued":
        before = painting.position
        return (
            trn("Waiting: {n} before this one.", "Waiting: {n} before this one.", before)
            if (before)
            else tr("Next in the queue.")
        )
    if painting.state == "loading":
        return tr("The bridge is reading the model {model}.", model=painting.model)
    if painting.state == "painting" and painting.steps:
        step, steps = painting.step, painting.steps * max(1, painting.candidates)
        said = tr("Painting: step {step} of {steps}", step=step, steps=steps)
        return said + (tr(", {time} left.", time=spoken(left_s)) if left_s else ".")
    return tr("Sent to the bridge.")


def ending(outcome: Outcome) -> str:
    """How a painting ended."""
    if outcome.ending == "finished":
        return f"{tr('Done. Seed {seed}.', seed=outcome.seed)} {outcome.message}".strip()
    if outcome.ending == "cancelled":
        return tr("Cancelled; the picture is as it was.")
    return outcome.message
