"""What picture filters have in common: they see something, and the policy says what becomes of it.

A filter says what it sees in one RGB picture, with a category and a score; it is asked about the
painter's picture, about previews when the policy has them checked, and about every result.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.hookspecs import hookimpl
from engine.policies import Policy, Previews

if TYPE_CHECKING:
    from engine.api import Pixels
    from engine.families import Model
    from engine.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Sight:
    """Something seen in a picture; `what` ends "the picture shows ..."."""

    category: str
    score: float  # 0 to 1; from 0.5 on the filter itself would say so
    what: str


class PictureFilter(ABC):
    """Turns what a filter sees into verdicts; a filter says `sights`."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    @abstractmethod
    def sights(self, picture: Pixels, model: Model | None) -> Sequence[Sight]:
        """Return what is seen in an RGB picture (h, w, 3); `model` is what painted it, if any."""

    @hookimpl
    def mahlstick_check_input(self, image: Pixels) -> list[Verdict]:
        """Look at the painter's picture, what is transparent taken as white."""
        return self._verdicts(self.sights(over_white(image), None))

    @hookimpl
    def mahlstick_check_preview(self, picture: Pixels, model: Model | None) -> list[Verdict]:
        """Look at a preview, if the policy has previews checked."""
        if self.policy.previews is not Previews.CHECK:
            return []
        return self._verdicts(self.sights(picture, model))

    @hookimpl
    def mahlstick_check_result(self, picture: Pixels, model: Model | None) -> list[Verdict]:
        """Look at a result."""
        return self._verdicts(self.sights(picture, model))

    def _verdicts(self, sights: Iterable[Sight]) -> list[Verdict]:
        said = (self.policy.on_picture(one.category, one.score, one.what) for one in sights)
        return [verdict for verdict in said if verdict is not None]


def over_white(image: Pixels) -> Pixels:
    """Return an RGBA picture (h, w, 4) as RGB (h, w, 3) on white."""
    alpha = image[..., 3:].astype(np.uint16)
    laid = (image[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255
    return laid.astype(np.uint8)
