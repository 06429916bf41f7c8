"""What a picture is like in words: a filter of one's own concepts, by any CLIP there is.

`[options.filters.concepts]` turns it on. `clip` names a checkpoint in transformers' format; without
it the CLIP of the model that paints is asked, the embedded one too, as far as that knows the words.
`[options.filters.concepts.look_for]` holds texts by category, `neutral` what they are weighed
against: a score of 0.5 says that the picture is as much like the one as like the other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from engine.errors import PluginError
from engine.hookspecs import Options, hookimpl
from engine.policies import CATEGORIES, Policy, policy_of, section
from engine.sights import PictureFilter, Sight

if TYPE_CHECKING:
    from engine.api import Pixels
    from engine.families import Model

CONTRAST = 100.0  # by which CLIPs multiply cosines before they compare them
LOOK_FOR: Mapping[str, tuple[str, ...]] = {
    "sexual": (
        "a photo of a naked person",
        "an erotic picture",
        "pornography",
        "a person in a sexual pose",
    ),
    "violence": (
        "a photo of a bloody corpse",
        "a gory picture with wounds and blood",
        "a person being killed",
    ),
    "hate": ("a swastika flag", "a nazi propaganda poster"),
}
NEUTRAL = (
    "a photo of a landscape",
    "a painting of flowers",
    "a portrait of a dressed person",
    "a picture of an animal",
    "a building in a street",
    "an abstract pattern",
    "food on a table",
)


class Likeness(Protocol):
    """Something that knows how much a picture is like a text."""

    def __call__(self, picture: Pixels, text: str) -> float | None:
        """Return the cosine, None where the text says nothing to it."""
        ...


class Concepts(PictureFilter):
    """Weighs every picture between texts that are looked for and neutral ones."""

    def __init__(
        self,
        policy: Policy,
        clip: Path | None = None,
        look_for: Mapping[str, Sequence[str]] = LOOK_FOR,
        neutral: Sequence[str] = NEUTRAL,
        contrast: float = CONTRAST,
    ) -> None:
        super().__init__(policy)
        self._clip, self._look_for, self._neutral = clip, look_for, neutral
        self._contrast = contrast
        self._likeness: Likeness | None = None

    def sights(self, picture: Pixels, model: Model | None) -> Sequence[Sight]:
        """Return a score a category; a picture that is brought needs a CLIP of its own."""
        likeness = self._asked(model)
        if likeness is None:
            return []
        neutral = self._share(likeness, picture, self._neutral, "neutral")
        return [
            Sight(
                category, _between(self._share(likeness, picture, texts, category), neutral), what
            )
            for category, texts in self._look_for.items()
            for what in (f"something like “{texts[0]}”",)
        ]

    def _asked(self, model: Model | None) -> Likeness | None:
        if self._clip is None:
            return None if model is None else _of_model(model)
        if self._likeness is None:
            self._likeness = _of_checkpoint(self._clip)
        return self._likeness

    def _share(self, likeness: Likeness, picture: Pixels, texts: Sequence[str], name: str) -> float:
        """Return the mean likeness of texts, in logits; PluginError where none is understood."""
        said = (likeness(picture, text) for text in texts)
        logits = [cosine * self._contrast for cosine in said if cosine is not None]
        if not logits:
            raise PluginError(
                f"The CLIP that is asked understands none of the texts for {name!r} "
                f"({', '.join(texts)}). Name a CLIP that does in [options.filters.concepts] "
                "(clip), or other texts (look_for, neutral)."
            )
        most = max(logits)
        return most + math.log(sum(math.exp(one - most) for one in logits) / len(logits))


def _between(one: float, other: float) -> float:
    """Return how much of the whole is the one's, both given in logits."""
    return 1 / (1 + math.exp(min(max(other - one, -500.0), 500.0)))


def _of_model(model: Model) -> Likeness:
    """Return the likeness that a painting model's own CLIP sees."""
    from engine.pictures import as_tensor

    def likeness(picture: Pixels, text: str) -> float | None:
        scores = model.score(as_tensor(picture, "cpu"), text)
        return None if scores is None else scores[0]

    return likeness


def _of_checkpoint(folder: Path) -> Likeness:
    """Return the likeness that a checkpoint sees; ModelError where there is none."""
    from engine.rankers.clip import Checkpoint

    clip = Checkpoint.read(folder)
    said = {}
    seen: list[tuple[Pixels, object]] = []  # the picture looked at last

    def likeness(picture: Pixels, text: str) -> float | None:
        if text not in said:
            said[text] = clip.said(text)
        if not seen or seen[0][0] is not picture:
            seen[:] = [(picture, clip.seen(picture))]
        return float(seen[0][1] @ said[text])

    return likeness


@hookimpl
def mahlstick_plugins(options: Options) -> Sequence[object]:
    """Register the filter, if it has a section and the policy cares about pictures."""
    told, policy = section(options, "concepts"), policy_of(options)
    if told is None or not policy.looks_at_pictures:
        return []
    clip = told.get("clip")
    return [
        Concepts(
            policy,
            None if clip is None else Path(str(clip)).expanduser(),
            _look_for(told.get("look_for", LOOK_FOR)),
            _texts("neutral", told.get("neutral", NEUTRAL)),
            float(told.get("contrast", CONTRAST)),
        )
    ]


def _look_for(told: Mapping[str, object]) -> Mapping[str, Sequence[str]]:
    for category in told:
        if category not in CATEGORIES:
            raise PluginError(
                f"The setting options.filters.concepts.look_for has {category!r}; accepted are "
                f"{', '.join(CATEGORIES)}."
            )
    return {category: _texts(category, texts) for category, texts in told.items()}


def _texts(name: str, told: object) -> Sequence[str]:
    if isinstance(told, (list, tuple)) and told and all(isinstance(one, str) for one in told):
        return tuple(told)
    raise PluginError(
        f"The texts for {name!r} in options.filters.concepts are {told!r}; give a list of texts."
    )
