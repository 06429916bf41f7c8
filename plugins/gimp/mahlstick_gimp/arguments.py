"""What a painter may ask for: one table, declared to GIMP from here and read back from here.

GIMP remembers the last values, checks types and ranges, and shows the texts in its Procedure
Browser. Its integers have 32 bits, seeds 64: so the seed is a text, empty for a new one each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .errors import PainterError
from .host import Foreign, Gimp, GObject
from .language import noted, tr

MAX_SEED = 2**63 - 1
Source = Literal["visible", "layer"]
Form = Literal["masked", "flattened"]


@dataclass(frozen=True)
class Text:
    """A line or more of text."""

    name: str
    label: str
    blurb: str
    default: str = ""

    def declare(self, procedure: Foreign) -> None:
        """Make it an argument of a procedure."""
        texts = (tr(self.label), tr(self.blurb))
        procedure.add_string_argument(self.name, *texts, self.default, _FLAGS)

    def accepts(self, value: object) -> bool:
        """Whether this can be its value."""
        return isinstance(value, str)


@dataclass(frozen=True)
class Number:
    """A number within bounds; whole when its default is."""

    name: str
    label: str
    blurb: str
    low: float
    high: float
    default: float

    def declare(self, procedure: Foreign) -> None:
        """Make it an argument of a procedure."""
        whole = isinstance(self.default, int)
        add = procedure.add_int_argument if whole else procedure.add_double_argument
        add(self.name, tr(self.label), tr(self.blurb), self.low, self.high, self.default, _FLAGS)

    def accepts(self, value: object) -> bool:
        """Whether this can be its value."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        whole = isinstance(value, int) or not isinstance(self.default, int)
        return whole and self.low <= value <= self.high


@dataclass(frozen=True)
class Choice:
    """One of a few words, each with a label."""

    name: str
    label: str
    blurb: str
    options: tuple[tuple[str, str], ...]

    def declare(self, procedure: Foreign) -> None:
        """Make it an argument of a procedure; the first option is the default."""
        choice = Gimp.Choice.new()
        for number, (word, label) in enumerate(self.options):
            choice.add(word, number, tr(label), "")
        texts, default = (tr(self.label), tr(self.blurb)), self.options[0][0]
        procedure.add_choice_argument(self.name, *texts, choice, default, _FLAGS)

    def accepts(self, value: object) -> bool:
        """Whether this can be its value."""
        return value in [word for word, _ in self.options]


Argument = Text | Number | Choice
_FLAGS = GObject.ParamFlags.READWRITE

PROMPT = Text("prompt", "Promp_t", "What to paint, in words; empty fills from the surroundings")
NEGATIVE = Text("negative-prompt", "A_void", "What the paint must not show, in words")
SEED = Text("seed", "S_eed", "A whole number that repeats a result; empty for a new one each time")
CANDIDATES = Number(
    "candidates", "Ca_ndidates", "How many are painted; the best becomes the layer", 1, 16, 1
)
STEPS = Number("steps", "_Steps", "How many steps to paint in; 0 for the model's own", 0, 500, 0)
STRENGTH = Number(
    "strength",
    "St_rength",
    "How much may change: 1 paints anew, little keeps what is there",
    0.01,
    1.0,
    1.0,
)
GUIDANCE = Number(
    "guidance",
    "_Guidance",
    "How closely to follow the prompt; 0 for the model's own",
    0.0,
    50.0,
    0.0,
)
SOFT_EDGE = Number(
    "soft-edge", "So_ft edge", "By how many pixels paint may leave the selection", 0, 512, 0
)
MODEL = Text("model", "Mo_del", "The model's name; empty for the bridge's own choice")
SAMPLER = Text("sampler", "Samp_ler", "The sampler's name; empty for the model's own")
SOURCE = Choice(
    "source",
    "L_ook at",
    "What the paint is fitted to",
    (("visible", noted("All that is visible")), ("layer", noted("The selected layer"))),
)
RESULT = Choice(
    "result",
    "Res_ult",
    "What the paint becomes",
    (
        ("masked", noted("A new layer with a layer mask")),
        ("flattened", noted("A new layer without a mask")),
    ),
)
FACTOR = Number("factor", "Enlarge b_y", "How many times wider and higher it gets", 1.0, 8.0, 2.0)

SIDES = (
    Number("left", "Le_ft", "By how many pixels the picture grows to the left", 0, 8192, 0),
    Number("right", "R_ight", "By how many pixels the picture grows to the right", 0, 8192, 0),
    Number("top", "T_op", "By how many pixels the picture grows upwards", 0, 8192, 0),
    Number("bottom", "_Bottom", "By how many pixels the picture grows downwards", 0, 8192, 0),
)


TASK = Choice(
    "task",
    "Do",
    "What the button does",
    (
        ("automatic", noted("What the selection says")),
        ("fill-selection", noted("Fill selection, or what is transparent")),
        ("generate-layer", noted("Generate a layer")),
        ("refine", noted("Refine")),
        ("vary-layer", noted("Vary")),
        ("outpaint", noted("Outpaint")),
        ("upscale", noted("Upscale")),
        ("repaint-layer", noted("Repaint the selected layer")),
    ),
)


@dataclass(frozen=True)
class Settings:
    """The values of one run; None and empty texts leave the choice to the model."""

    prompt: str = ""
    negative_prompt: str = ""
    seed: int | None = None
    candidates: int = 1
    steps: int | None = None
    strength: float = 1.0
    guidance: float | None = None
    soft_edge: int = 0
    model: str | None = None
    sampler: str | None = None
    source: Source = "visible"
    left: int = 0
    right: int = 0
    top: int = 0
    bottom: int = 0
    factor: float = 2.0
    result: Form = "masked"
    task: str = "automatic"


def read_settings(config: Foreign, arguments: Sequence[Argument]) -> Settings:
    """The values of these arguments in GIMP's ProcedureConfig.

    PainterError for a seed that is no number.
    """
    names = [argument.name for argument in arguments]
    told = {name.replace("-", "_"): config.get_property(name) for name in names}
    for text in ("prompt", "negative_prompt", "seed"):
        told[text] = told.get(text) or ""  # a text GIMP was not given is None
    told["seed"] = _seed(told["seed"])
    for optional in ("steps", "guidance", "model", "sampler"):
        told[optional] = told.get(optional) or None
    return Settings(**told)


def _seed(text: str) -> int | None:
    if not text.strip():
        return None
    try:
        seed = int(text.strip())
    except ValueError:
        seed = -1
    if not 0 <= seed <= MAX_SEED:
        raise PainterError(
            tr(
                "The seed is “{given}”; accepted are whole numbers from 0 to {largest}. Leave it "
                "empty for a new one each time.",
                given=text,
                largest=MAX_SEED,
            )
        )
    return seed
