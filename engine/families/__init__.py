"""Model families, one a module. Each adapts its networks to `denoise(x, level) -> x0`.

A family module registers itself with the `mahlstick_families` hook. The core drives a loaded model
through the `Model` protocol below and knows nothing else of it.

What leads a painting besides words and kept paint is a `Guide`: a small type of its own in
`Conditions.guides`, and a `GuideKind` in the cards of the models that follow it. Moves of an image
embedding are the first; control maps and IP-Adapter pictures join as further types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from engine.adapters import Additions

if TYPE_CHECKING:
    from torch import Tensor

    from engine.api import Size
    from engine.prompts import Words
    from engine.schedules import Denoise, NoisePath


class GuideKind(StrEnum):
    """What can lead a painting besides words and kept paint."""

    SECOND_PICTURE = "second_image"  # the request's fields
    OTHER_WORDS = "instead_of"


@dataclass(frozen=True, slots=True)
class TowardsPicture:
    """From the picture a painting is `like` towards a second one, by their image embeddings."""

    picture: Tensor  # float32 RGB in [-1, 1], (1, 3, H, W)
    share: float  # of the way


@dataclass(frozen=True, slots=True)
class TowardsWords:
    """From the picture a painting is `like` along the difference of two texts' embeddings.

    It leads from what these words say to what the prompt says ("text diff": Ramesh et al.,
    arXiv:2204.06125, section 3.3).
    """

    instead_of: str  # plain words
    share: float  # of the way


Guide = TowardsPicture | TowardsWords


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is known of a model before (and after) its weights are read."""

    name: str
    family: str
    path: Path
    sha256: str | None = None
    native: tuple[int, int] = (256, 256)  # working width, height
    multiple: int = 8  # working sides are multiples of this
    steps: int = 20  # defaults that look good
    guidance: float = 3.0
    sampler: str = "dpmpp_2m"
    schedule: str = "model"
    detail_strength: float = 0.35  # of the second pass over what is larger than working; 0 = none
    joined_until: float = 1.0  # share of time left to which new borders go on in the old light
    largest_step: float = 24.0  # grey levels by which paint is shifted to meet the canvas
    edge_fade: float = 0.0  # share of the way to a selection's middle over which paint takes over
    vary_strength: float = 1.0  # of variations; below 1 where they start from the picture itself
    takes_loras: bool = False  # `Conditions.words.loras` reach the model
    vocabulary_closed: bool = False  # words outside its vocabulary are reported and ignored
    guides: frozenset[GuideKind] = frozenset()  # what it follows of `Conditions.guides`
    lacks: Mapping[str, str] = field(default_factory=dict)  # mode -> a sentence why it cannot
    beside: tuple[Path, ...] = ()  # other folders that parts of it are read from
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Understanding:
    """What the model made of a prompt."""

    unknown_words: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    nothing_known: bool = False  # the prompt has words, and all of them are unknown


def _nobody(_sentence: str) -> None:
    """Keep a sentence that nobody asked for to itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a painting is conditioned on; families use what they can.

    Pictures are float32 RGB in [-1, 1], (1, 3, H, W), working space. `hole` is (1, 1, H, W) in [0,
    1], 1 = paint. Both are None when nothing is to be kept. `like` asks for something like that
    picture (variations: through the image embedding), and `guides` lead on from it; a model is
    given none but its card's. `start` is the picture that a refinement starts from where
    nothing is kept, whole even for a tile. `words` and `negative_words` are the same
    prompts with the weight of every span, None where all words count alike; a batch shares them.
    `additions` are the files that words may name; what is left out of them the family may `tell`.
    """

    prompt: str = ""  # plain words
    negative_prompt: str = ""
    words: Words | None = None
    negative_words: Words | None = None
    guidance: float = 1.0
    working: Size
    seeds: Sequence[
        int
    ]  # one a candidate: whatever is random in conditioning (a prior) starts here
    known: Tensor | None = None
    hole: Tensor | None = None
    like: Tensor | None = None
    start: Tensor | None = None
    guides: tuple[Guide, ...] = ()
    additions: Additions = field(default_factory=Additions)
    tell: Callable[[str], None] = field(default=_nobody)  # a sentence for the painter
    check: Callable[[], None] = field(default=lambda: None)  # raises when cancelled; call it often


class Model(Protocol):
    """A loaded model, on a device, ready to denoise."""

    card: ModelCard
    path: NoisePath

    def understand(self, prompt: str) -> Understanding:
        """Say which words of the prompt the model does not know. Cheap; needs no weights."""
        ...

    def latent_shape(self, working: Size) -> tuple[int, int, int]:
        """Return (channels, height, width) of x for a working size."""
        ...

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) in [-1, 1] to x0 (N, C, h, w), scaled as the denoiser wants it."""
        ...

    def decode(self, x0: Tensor, working: Size, check: Callable[[], None]) -> Tensor:
        """Latents x0 (N, C, h, w) to pictures (N, 3, H, W) in [-1, 1]; `check` is called often."""
        ...

    def preview(self, x0: Tensor) -> Tensor:
        """Latents x0 (N, C, h, w) to uint8 RGB (N, h', w', 3), fast; any preview size."""
        ...

    def denoiser(self, conditions: Conditions) -> Denoise:
        """Return denoise(x, level) -> x0, guidance included, for one candidate per seed.

        x and x0 are float32 on the model's device in every precision; the family casts inside.
        """
        ...

    def score(self, pictures: Tensor, prompt: str) -> list[float] | None:
        """CLIP similarity of pictures (N, 3, H, W) to the prompt; None where there is no CLIP."""
        ...

    def unload(self) -> None:
        """Give the memory back."""
        ...


class Family(Protocol):
    """One kind of checkpoint: recognises its folders and loads them.

    A family that can paint with less memory than its weights take has one method more,
    `load_aside(card, device, precision)`: as `load`, but with the weights left in main memory. Its
    models tell their `networks` by name (a mapping of torch modules), and `engine.residency` brings
    them to the device when they run. Models that tell their networks may also be sent to main
    memory while another paints.
    """

    name: str

    def recognise(self, path: Path) -> ModelCard | None:
        """Return a card when the folder or file is of this family; reads configuration only."""
        ...

    def load(self, card: ModelCard, device: str, precision: str) -> Model:
        """Read the weights; raises ModelError with a sentence."""
        ...
