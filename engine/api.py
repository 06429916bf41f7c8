"""What is asked of the engine and what it tells: frozen dataclasses, no torch.

Pixels are numpy arrays: pictures uint8 (H, W, 4), sRGB, straight alpha; masks uint8 (H, W),
0 keeps, 255 paints. Every rectangle says its space in its name: *canvas* is the painter's document,
*context* the part of it the model sees, *working* what the model denoises.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import CancelledError, RequestError

Pixels = NDArray[np.uint8]
MAX_SIDE = 8192  # the wire carries no larger picture
MAX_CANDIDATES = 16
MAX_STEPS = 500
MAX_SEED = 2**63 - 1
HOOK_TIMEOUT_S = 120.0  # a filter may have to load a network at its first call


class Mode(StrEnum):
    """What kind of painting is asked for."""

    GENERATE = "generate"
    INPAINT = "inpaint"
    OUTPAINT = "outpaint"
    REFINE = "refine"
    VARY = "vary"
    UPSCALE = "upscale"


class Need(StrEnum):
    """Whether a mode takes an ingredient."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ModeRules:
    """One row of the table of modes: which ingredients it takes."""

    image: Need
    mask: Need
    size: Need
    extension: Need
    factor: Need
    strength: float  # the default
    second_image: Need = Need.REFUSED
    instead_of: Need = Need.REFUSED


MODES: Mapping[Mode, ModeRules] = {
    # in the order of ModeRules: image, mask, size, extension, factor, strength
    Mode.GENERATE: ModeRules(
        Need.REFUSED, Need.REFUSED, Need.OPTIONAL, Need.REFUSED, Need.REFUSED, 1.0
    ),
    Mode.INPAINT: ModeRules(
        Need.REQUIRED, Need.REQUIRED, Need.REFUSED, Need.REFUSED, Need.REFUSED, 1.0
    ),
    Mode.OUTPAINT: ModeRules(
        Need.REQUIRED, Need.REFUSED, Need.REFUSED, Need.REQUIRED, Need.REFUSED, 1.0
    ),
    Mode.REFINE: ModeRules(
        Need.REQUIRED, Need.OPTIONAL, Need.REFUSED, Need.REFUSED, Need.REFUSED, 0.5
    ),
    Mode.VARY: ModeRules(
        Need.REQUIRED,
        Need.REFUSED,
        Need.OPTIONAL,
        Need.REFUSED,
        Need.REFUSED,
        1.0,
        second_image=Need.OPTIONAL,
        instead_of=Need.OPTIONAL,
    ),
    Mode.UPSCALE: ModeRules(
        Need.REQUIRED, Need.REFUSED, Need.REFUSED, Need.REFUSED, Need.OPTIONAL, 0.3
    ),
}


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels: left and top inclusive. The space is the owner's to name."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column to the right of the box."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The first row below the box."""
        return self.top + self.height

    @property
    def size(self) -> Size:
        """Width and height alone."""
        return Size(self.width, self.height)


@dataclass(frozen=True, slots=True)
class Extension:
    """By how many canvas pixels each side grows when outpainting."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0


@dataclass(frozen=True, slots=True)
class MaskShape:
    """How the selection becomes the two masks, in canvas pixels; None = the usual figures."""

    grow: int | None = None  # denoise mask: by how much it is grown
    feather: int | None = None  # denoise mask: width of its soft border
    context: int | None = None  # how much of the surroundings the model sees
    soft_edge: int = 0  # paste mask: by how much paint may leave the selection, fading


@dataclass(frozen=True, slots=True)
class Plan:
    """How a job was split and computed; with the seed it makes the same pixels again."""

    batches: tuple[tuple[int, ...], ...]  # candidate indices painted together
    precision: str = "fp32"
    threads: int = 1
    device: str = "cpu"
    tile: int | None = None  # working pixels
    stop_step: int | None = None  # set when the painter kept early
    whole_tile: int | None = None  # working pixels; of the first pass, where memory was short
    decode_tile: int | None = None  # working pixels; of decoding, where memory was short


@dataclass(frozen=True, slots=True, kw_only=True)
class PaintRequest:
    """One job. `Engine.paint` refuses illegal combinations before anything else."""

    mode: Mode
    prompt: str = ""  # with the signs of `engine.prompts`: weights, alternation, wildcards
    negative_prompt: str = ""
    presets: tuple[str, ...] = ()  # names from the book of presets, added to both prompts
    image: Pixels | None = None  # canvas space
    mask: Pixels | None = None  # canvas space, the painter's selection, soft values honoured
    size: Size | None = None  # canvas size of a generated picture; None = the model's native size
    extension: Extension | None = None
    factor: float | None = None  # upscale only; None = 2
    strength: float | None = None  # 0 < strength <= 1; None = the mode's default
    candidates: int = 4
    only: tuple[int, ...] | None = None  # repaint just these candidates of the batch
    seed: int | None = None  # None = drawn and told in `Started`
    steps: int | None = None  # None = the model's own
    guidance: float | None = None
    sampler: str | None = None
    schedule: str | None = None
    model: str | None = None
    prefill: str | None = None  # what a hole is filled with first; None = what suits the mode
    upscaler: str | None = None  # upscale only; None = lanczos
    second_image: Pixels | None = None  # vary only: paint what lies between the image and this one
    instead_of: str | None = None  # vary only: what the image shows; the prompt is shown instead
    mix: float | None = None  # how far towards the second image or the prompt, 0 to 1; None = usual
    mask_shape: MaskShape = MaskShape()
    plan: Plan | None = None  # a recorded plan, to replay


@dataclass(frozen=True, slots=True)
class Layout:
    """Where paint will land, told before the first preview.

    `canvas` is the size the document has afterwards. `paste_box_canvas` is where each candidate's
    pixels go; `paste_mask` has its size, 0 = the canvas keeps its own byte. With outpainting the
    old picture lies at `origin_canvas`. `denoise_mask` covers the context box at working size and
    says where the model may act, 0 = not at all; None = everywhere.
    """

    canvas: Size
    origin_canvas: tuple[int, int]
    context_box_canvas: Box
    working: Size
    paste_box_canvas: Box
    paste_mask: Pixels
    denoise_mask: Pixels | None = None


@dataclass(frozen=True, slots=True)
class Loading:
    """A model is being read from disk."""

    model: str


@dataclass(frozen=True, slots=True)
class Started:
    """The job is understood and its layout is fixed; comes before the first `Denoised`."""

    seed: int
    seeds: tuple[int, ...]  # one a candidate
    model: str
    sampler: str
    schedule: str
    steps: int
    guidance: float
    layout: Layout
    plan: Plan
    unknown_words: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # sentences for the painter


@dataclass(frozen=True, slots=True)
class Denoised:
    """One candidate after one step; `preview` is RGB uint8 (h, w, 3), of the context box."""

    candidate: int
    step: int  # 1-based
    steps: int
    preview: Pixels


@dataclass(frozen=True, slots=True)
class Painted:
    """One finished candidate.

    `image` is RGBA uint8 of the size of `layout.paste_box_canvas`: the painted pixels there, alpha
    = paste mask; laying it over the canvas changes no byte where alpha is 0. `merged` is the whole
    canvas with the paint laid in, every byte outside the paste mask identical to what was sent.
    """

    candidate: int
    seed: int
    image: Pixels
    merged: Pixels
    score: float | None
    seconds: float
    record: Mapping[str, Any] = field(default_factory=dict)  # everything replay needs, JSON-able


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event. `order` lists candidates, best first (by score where there is one)."""

    order: tuple[int, ...]
    seconds: float
    stopped_at: int | None = None  # the step at which the painter kept
    notes: tuple[str, ...] = ()  # sentences for the painter: what was blurred, which plugin failed


Event = Loading | Started | Denoised | Painted | Finished


class Control:
    """How another thread stops a painting; all methods are thread-safe and idempotent.

    `watch(plugin, hook)` is called on the thread that paints whenever a plugin's hook begins, and
    `watch("", "")` when it ended: whoever supervises the painting sees which one hangs.
    """

    def __init__(self, watch: Callable[[str, str], None] | None = None) -> None:
        self._watch = watch
        self._cancelled = threading.Event()
        self._kept: frozenset[int] | None = None

    def cancel(self) -> None:
        """Ask the painting to end without results."""
        self._cancelled.set()

    def keep(self, candidates: frozenset[int]) -> None:
        """End early: what these candidates look like now becomes their result."""
        self._kept = candidates

    @property
    def kept(self) -> frozenset[int] | None:
        """The candidates to keep, or None while nobody asked."""
        return self._kept

    @contextmanager
    def handed_to(self, plugin: str, hook: str) -> Iterator[None]:
        """Tell the supervisor that a plugin's hook is at work within this block."""
        if self._watch is None:
            yield
            return
        self._watch(plugin, hook)
        try:
            yield
        finally:
            self._watch("", "")

    def check(self) -> None:
        """Raise CancelledError once `cancel` was called; cheap enough for every forward hook."""
        if self._cancelled.is_set():
            raise CancelledError("The job was cancelled.")


def refuse(field_name: str, message: str) -> None:
    """Raise the error for a request that cannot be painted."""
    raise RequestError(field_name, message)
