"""What the panel's button will do, from what the painter chose and what the picture is like."""

from __future__ import annotations

from dataclasses import dataclass, replace

from . import arguments
from .actions import ACTIONS, Action
from .arguments import Settings
from .host import Foreign, Gimp
from .language import noted, tr

AUTOMATIC = "automatic"
GLANCE = 64  # pixels: the side of the small picture that tells whether anything is transparent
MORE = (
    arguments.STEPS,
    arguments.GUIDANCE,
    arguments.SOFT_EDGE,
    arguments.SOURCE,
    arguments.RESULT,
)
PANEL = (
    arguments.PROMPT,
    arguments.NEGATIVE,
    arguments.TASK,
    arguments.STRENGTH,
    replace(arguments.CANDIDATES, default=4),
    arguments.SEED,
    arguments.MODEL,
    arguments.SAMPLER,
    *MORE,
    arguments.FACTOR,
    *arguments.SIDES,
)
_BY_VERB = {action.verb: action for action in ACTIONS}
_LABELS = {
    "fill-selection": noted("Fill Selection"),
    "generate-layer": noted("Generate Layer"),
    "outpaint": noted("Outpaint"),
    "refine": noted("Refine"),
    "vary-layer": noted("Vary"),
    "upscale": noted("Upscale"),
    "repaint-layer": noted("Repaint Layer"),
}


@dataclass(frozen=True)
class Task:
    """An action, and what is written on the button for it."""

    action: Action
    label: str


def task_for(settings: Settings, image: Foreign) -> Task:
    """Return what these settings mean for this image, None being no image."""
    selected = image is not None and bool(Gimp.Selection.bounds(image)[1])
    verb = settings.task
    if verb == AUTOMATIC:
        verb = _verb(settings, image, selected)
    label = tr(_LABELS[verb])
    if verb == "fill-selection" and not selected:
        label = tr("Fill Transparent")
    if verb == "refine" and selected:
        label = tr("Refine Selection")
    return Task(_BY_VERB[verb], label)


def settings_for(task: Task, settings: Settings) -> Settings:
    """Return the settings as the task can use them: a filled hole has nothing to be kept of."""
    if task.action.verb == "refine" and settings.task != AUTOMATIC and settings.strength == 1.0:
        return replace(settings, strength=0.5)
    return settings


def glance(image: Foreign) -> bytes:
    """Return a small picture of the image, RGB or RGBA rows; 0.2 ms. It changes when that does.

    Empty when the image was closed since it was asked about.
    """
    data, _, _, depth = image.get_thumbnail_data(GLANCE, GLANCE)
    if data is None:
        return b""
    return bytes((depth,)) + bytes(data.get_data())


def _verb(settings: Settings, image: Foreign, selected: bool) -> str:
    if settings.strength < 1.0:
        return "refine"
    if selected or (image is not None and _has_holes(image)):
        return "fill-selection"
    return "generate-layer"


def _has_holes(image: Foreign) -> bool:
    seen = glance(image)
    depth = seen[0] if seen else 0
    return depth in (2, 4) and bool(seen[depth::depth].strip(b"\xff"))
