"""What the plug-in can do, one row a procedure; a new one is a row here and a request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from . import arguments, repainting, requests
from .arguments import Argument, Settings
from .canvas import Canvas
from .language import noted, tr
from .requests import Request

PREFIX = "plug-in-mahlstick-"
_ABOUT = (
    "Sends what is needed of the picture and the prompt to the Mahlstick bridge, which must be "
    "running, and adds the result as one new layer with a layer mask."
)


@dataclass(frozen=True)
class Action:
    """A procedure with its menu entry. `shown` arguments are in sight, `more` behind a fold."""

    verb: str
    label: str
    blurb: str
    request: Callable[[Canvas, Settings], Request]
    shown: Sequence[Argument]
    more: Sequence[Argument]
    about: str = _ABOUT
    asked: Sequence[Argument] = (arguments.PROMPT,)

    @property
    def procedure(self) -> str:
        """The procedure's name."""
        return PREFIX + self.verb

    @property
    def title(self) -> str:
        """What its window is called."""
        return "Mahlstick: " + tr(self.label).replace("_", "").removesuffix("...")

    @property
    def arguments(self) -> Sequence[Argument]:
        """All arguments, the prompt first."""
        return (*self.asked, *self.shown, *self.more)

    def ask(self, canvas: Canvas, settings: Settings) -> Request:
        """What is sent for it; PainterError when something is missing."""
        return replace(self.request(canvas, settings), form=settings.result)


_MODEL = (arguments.STEPS, arguments.GUIDANCE, arguments.MODEL, arguments.SAMPLER)
_USUAL = (arguments.NEGATIVE, arguments.CANDIDATES, arguments.SEED)
_RESULT = (arguments.RESULT,)

ACTIONS: Sequence[Action] = (
    Action(
        "fill-selection",
        noted("_Fill Selection..."),
        noted("Paint what a prompt says into the selection"),
        requests.fill,
        (arguments.NEGATIVE, arguments.STRENGTH, arguments.CANDIDATES, arguments.SEED),
        (*_MODEL, arguments.SOFT_EDGE, arguments.SOURCE, *_RESULT),
        f"{_ABOUT} Nothing outside the selection changes. With nothing selected, what is "
        "transparent in the picture is filled.",
    ),
    Action(
        "generate-layer",
        noted("_Generate Layer..."),
        noted("Paint a new picture from a prompt, as large as the image"),
        requests.generate,
        _USUAL,
        (*_MODEL, *_RESULT),
    ),
    Action(
        "outpaint",
        noted("_Outpaint..."),
        noted("Make the image larger and paint what lies beyond its borders"),
        requests.outpaint,
        (*arguments.SIDES, *_USUAL),
        (*_MODEL, *_RESULT),
        f"{_ABOUT} The image grows in place, in the same undo step; its old pixels do not change.",
    ),
    Action(
        "refine",
        noted("_Refine..."),
        noted("Paint over the picture, or the selection, keeping what is there in view"),
        requests.refine,
        (
            arguments.NEGATIVE,
            replace(arguments.STRENGTH, default=0.5),
            arguments.CANDIDATES,
            arguments.SEED,
        ),
        (*_MODEL, arguments.SOURCE, *_RESULT),
    ),
    Action(
        "vary-layer",
        noted("_Vary Layer..."),
        noted("Paint a picture that is like the one there is"),
        requests.vary,
        _USUAL,
        (*_MODEL, arguments.SOURCE, *_RESULT),
    ),
    Action(
        "upscale",
        noted("_Upscale..."),
        noted("Make the picture larger and paint the details that it then lacks"),
        requests.upscale,
        (
            arguments.FACTOR,
            replace(arguments.STRENGTH, default=0.3),
            arguments.NEGATIVE,
            arguments.CANDIDATES,
            arguments.SEED,
        ),
        (*_MODEL, *_RESULT),
        f"{_ABOUT} The image and all its layers become larger, in the same undo step.",
    ),
    Action(
        "repaint-layer",
        noted("Repaint _Layer..."),
        noted("Paint a layer of Mahlstick's once more, with another seed"),
        repainting.repaint,
        (arguments.CANDIDATES, arguments.SEED),
        _RESULT,
        "Prompt, model and settings are those that the selected layer remembers. The old layer is "
        "hidden, in the same undo step.",
        asked=(),
    ),
)
