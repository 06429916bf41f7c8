"""A guess at bare skin, by colour alone: no checkpoint, a millisecond, and often wrong.

Off unless `[options.filters.skin]` is there; `share` is the part of a picture in the colours of
skin that makes a score of 0.5. Sand, wood and sunsets have those colours too, drawn skin often has
not: it may blur, it is no proof of anything. (Fixed bounds in YCbCr: Chai and Ngan 1999.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import PluginError
from engine.hookspecs import Options, hookimpl
from engine.policies import Policy, policy_of, section
from engine.sights import PictureFilter, Sight

if TYPE_CHECKING:
    from engine.api import Pixels
    from engine.families import Model

SHARE = 0.5
_LOWEST, _HIGHEST = (0, 133, 77), (255, 173, 127)  # Y, Cr, Cb
_SIDE = 256  # pixels of the longer side at which colours are counted


class SkinGuess(PictureFilter):
    """Counts the colours of skin in every picture."""

    def __init__(self, policy: Policy, share: float = SHARE) -> None:
        super().__init__(policy)
        self._share = share

    def sights(self, picture: Pixels, model: Model | None) -> Sequence[Sight]:  # noqa: ARG002
        """Return how much of the picture might be skin."""
        return [Sight("sexual", min(1.0, 0.5 * skin(picture) / self._share), "much bare skin")]


def skin(picture: Pixels) -> float:
    """Return the share of an RGB picture (h, w, 3) in the colours of skin, 0 to 1."""
    import cv2

    longer = max(picture.shape[:2])
    if longer > _SIDE:
        height, width = (max(1, round(side * _SIDE / longer)) for side in picture.shape[:2])
        small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        picture = small.astype(np.uint8)
    colours = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2YCrCb)
    return float(np.mean(cv2.inRange(colours, np.array(_LOWEST), np.array(_HIGHEST)) > 0))


@hookimpl
def mahlstick_plugins(options: Options) -> Sequence[object]:
    """Register the guess, if it has a section and the policy cares about pictures."""
    told, policy = section(options, "skin"), policy_of(options)
    if told is None or not policy.looks_at_pictures:
        return []
    share = told.get("share", SHARE)
    if not isinstance(share, (int, float)) or not 0 < share <= 1:
        raise PluginError(
            f"The setting options.filters.skin.share is {share!r}; accepted is a number above 0, "
            "at most 1."
        )
    return [SkinGuess(policy, float(share))]
