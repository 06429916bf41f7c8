"""Every message of the protocol `mahlstick.v1`, as frozen dataclasses (stdlib, Python 3.10).

The codec is derived from these classes: a field of type `bytes` travels as a raw blob behind the
JSON header, everything else in the header, under the class's `type` name. Unknown fields are
ignored, unknown types are refused. Rectangles are in canvas pixels unless they say otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from .kinds import Range
from .limits import MAX_SIDE

SUBPROTOCOL = "mahlstick.v1"
VERSION = 1

PictureFormat = Literal["rgba8", "rgba16", "gray8", "rgb8", "jpeg", "png", "webp"]
PreviewCodec = Literal["jpeg", "rgb8", "rgba8"]
ModeName = Literal["generate", "inpaint", "outpaint", "refine", "vary", "upscale"]
OnDisconnect = Literal["keep", "cancel"]
Side = Annotated[int, Range(1, MAX_SIDE)]  # pixels
Place = Annotated[int, Range(-(1 << 31), (1 << 31) - 1)]  # pixels, may lie outside
Count = Annotated[int, Range(0, (1 << 31) - 1)]


@dataclass(frozen=True)
class Rect:
    """A rectangle in pixels; its owner names the space."""

    left: Place
    top: Place
    width: Count
    height: Count


@dataclass(frozen=True)
class Picture:
    """Pixels: straight alpha, sRGB, rows top to bottom without padding; or a compressed file.

    `sha256` names the bytes. With empty `data` the picture is one this session sent before.
    """

    width: Side
    height: Side
    format: PictureFormat
    data: bytes = b""
    sha256: str = ""


@dataclass(frozen=True)
class MaskOptions:
    """How the selection becomes masks, in canvas pixels; None = the usual figures."""

    grow: int | None = None
    feather: int | None = None
    context: int | None = None
    soft_edge: int = 0


@dataclass(frozen=True)
class Extension:
    """By how many canvas pixels each side grows."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0


@dataclass(frozen=True)
class ModelInfo:
    """A model the bridge can paint with."""

    name: str
    family: str
    width: int
    height: int
    steps: int
    guidance: float
    sampler: str
    notes: str = ""
    guides: list[str] = field(
        default_factory=list
    )  # of `second_image`, `instead_of`: what it takes


@dataclass(frozen=True)
class PresetInfo:
    """A preset that a submit may name: words for a medium, a style, a light, a lens..."""

    name: str
    group: str
    title: str
    note: str = ""


@dataclass(frozen=True)
class Obtainable:
    """A model that can be got by name, and is not there yet."""

    name: str
    title: str
    use: str  # paint, preview, upscale, rank, filter
    gigabytes: float
    licence: str
    note: str = ""


# From the client


@dataclass(frozen=True)
class Hello:
    """The first message of a connection. `session` is a UUID the client keeps between runs."""

    type: ClassVar[str] = "hello"
    version: int
    client: str  # "krita 5.1.5", for the log
    session: str
    preview_codec: PreviewCodec = "jpeg"
    preview_side: int = 256  # previews are at most so many pixels wide and high
    resume: int | None = None  # the last `seq` seen


@dataclass(frozen=True)
class Submit:
    """Paint this. None lets the model choose; `job` is a UUID made by the client."""

    type: ClassVar[str] = "submit"
    job: str
    mode: ModeName
    prompt: str = ""
    negative_prompt: str = ""
    image: Picture | None = None
    mask: Picture | None = None  # gray8, of the image's size
    width: int | None = None
    height: int | None = None
    extension: Extension | None = None
    factor: float | None = None
    strength: float | None = None
    candidates: int = 4
    only: list[int] | None = None
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    sampler: str | None = None
    schedule: str | None = None
    model: str | None = None
    presets: list[str] = field(default_factory=list)  # laid around the prompts, in this order
    prefill: str | None = None  # what a hole is filled with first
    upscaler: str | None = None
    second_image: Picture | None = None  # vary: paint what lies between the image and this one
    instead_of: str | None = None  # vary: what the image shows; the prompt is shown instead
    mix: float | None = None  # how far towards the second image or the prompt, 0 to 1
    masks: MaskOptions = field(default_factory=MaskOptions)
    plan: dict[str, object] | None = None
    origin: tuple[int, int] = (0, 0)  # where `image` lies in the document; told back, never used
    previews: bool = True
    on_disconnect: OnDisconnect = "keep"
    first: bool = False  # before this session's other waiting jobs


@dataclass(frozen=True)
class Cancel:
    """Stop a job in any phase. Idempotent: `Cancelled` or the job's earlier end comes back."""

    type: ClassVar[str] = "cancel"
    job: str


@dataclass(frozen=True)
class Keep:
    """End a job early; what these candidates look like now is their result."""

    type: ClassVar[str] = "keep"
    job: str
    candidates: list[int]


@dataclass(frozen=True)
class Fetch:
    """Ask for one job's finished results again, or (job empty) for a list of all jobs."""

    type: ClassVar[str] = "fetch"
    job: str = ""


# From the bridge


@dataclass(frozen=True)
class Limits:
    """What the bridge accepts."""

    message_bytes: int
    picture_side: int
    candidates: int
    steps: int
    pending_jobs: int


@dataclass(frozen=True)
class Welcome:
    """The answer to `Hello`: what there is. `seq` is the newest event of the session.

    It comes again, `seq` 0, when there is something else: a model has come, or one is gone.
    `loras` and `embeddings` are names that prompts may use, `<lora:name:0.8>` and `name`.
    """

    type: ClassVar[str] = "welcome"
    version: int
    server: str
    limits: Limits
    models: list[ModelInfo]
    samplers: list[str]
    schedules: list[str]
    seq: int = 0
    prefills: list[str] = field(default_factory=list)
    upscalers: list[str] = field(default_factory=list)
    presets: list[PresetInfo] = field(default_factory=list)
    obtainable: list[Obtainable] = field(default_factory=list)
    loras: list[str] = field(default_factory=list)
    embeddings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Accepted:
    """The job is taken; `position` 0 is the one being painted."""

    type: ClassVar[str] = "accepted"
    seq: int
    job: str
    position: int


@dataclass(frozen=True)
class Queued:
    """The job's place in the queue changed."""

    type: ClassVar[str] = "queued"
    seq: int
    job: str
    position: int


@dataclass(frozen=True)
class Loading:
    """The job waits for a model to be read."""

    type: ClassVar[str] = "loading"
    seq: int
    job: str
    model: str


@dataclass(frozen=True)
class Started:
    """Painting begins. Where paint will land is told before the first preview.

    `canvas_width/height` is the size afterwards, the old picture lies in it at `origin`. A
    preview covers `context`; of it only what `mask` (gray8, the size of `paste`) lets through
    belongs on the canvas. `denoise` (gray8, of `context`, of any size) says where the model may
    act; None is everywhere.
    """

    type: ClassVar[str] = "started"
    seq: int
    job: str
    seed: int
    seeds: list[int]
    model: str
    sampler: str
    steps: int
    guidance: float
    canvas_width: int
    canvas_height: int
    origin: tuple[int, int]
    context: Rect
    paste: Rect
    mask: Picture
    unknown_words: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    denoise: Picture | None = None


@dataclass(frozen=True)
class Preview:
    """One candidate after one step, of the context rectangle, in the codec the client asked for."""

    type: ClassVar[str] = "preview"
    seq: int
    job: str
    candidate: int
    step: int
    steps: int
    picture: Picture


@dataclass(frozen=True)
class Painted:
    """One finished candidate: RGBA8 of the paste rectangle, alpha = paste mask.

    Lay it over the canvas at `paste`: where alpha is 0 nothing changes.
    """

    type: ClassVar[str] = "painted"
    seq: int
    job: str
    candidate: int
    seed: int
    paste: Rect
    picture: Picture
    score: float | None
    seconds: float
    record: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Finished:
    """The job ended well; `order` lists its candidates, best first."""

    type: ClassVar[str] = "finished"
    seq: int
    job: str
    order: list[int]
    seconds: float
    stopped_at: int | None = None
    notes: list[str] = field(default_factory=list)  # for the painter, of what came up on the way


@dataclass(frozen=True)
class Cancelled:
    """The job ended because the painter asked."""

    type: ClassVar[str] = "cancelled"
    seq: int
    job: str


@dataclass(frozen=True)
class Failed:
    """The job ended badly. `code` is for programs, `message` a sentence for the painter."""

    type: ClassVar[str] = "failed"
    seq: int
    job: str
    code: str
    message: str
    param: str = ""  # which field was wrong
    suggestions: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class JobSummary:
    """One line of the session's history."""

    job: str
    state: str
    prompt: str
    created: float  # seconds since the epoch
    results: list[int]  # candidates that can be fetched


@dataclass(frozen=True)
class History:
    """The session's jobs, newest first."""

    type: ClassVar[str] = "history"
    jobs: list[JobSummary]


@dataclass(frozen=True)
class Refused:
    """A message was not understood or not allowed; `fatal` says that the connection closes."""

    type: ClassVar[str] = "refused"
    code: str
    message: str
    param: str = ""  # which field was wrong
    job: str = ""
    fatal: bool = False


ClientMessage = Hello | Submit | Cancel | Keep | Fetch
JobEvent = Accepted | Queued | Loading | Started | Preview | Painted | Finished | Cancelled | Failed
ServerMessage = Welcome | History | Refused | JobEvent
Message = ClientMessage | ServerMessage
TERMINAL = (Finished, Cancelled, Failed)
