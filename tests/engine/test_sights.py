"""What picture filters see, and where they are asked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import pytest

from engine import Action, Pixels
from engine.families import Model
from engine.policies import CLASSROOM, STUDIO, Policy, Previews, policy_of
from engine.sights import PictureFilter, Sight, over_white

CHECKING = policy_of({"filters": {"policy": "classroom", "previews": "check"}})
GREY = np.full((4, 6, 3), 99, np.uint8)


class Suspicious(PictureFilter):
    """Sees something in everything, and remembers what it was shown."""

    def __init__(self, policy: Policy) -> None:
        super().__init__(policy)
        self.shown: list[Pixels] = []

    def sights(self, picture: Pixels, model: Model | None) -> Sequence[Sight]:  # noqa: ARG002
        self.shown.append(picture)
        return [Sight("violence", 0.6, "a fight"), Sight("sexual", 0.1, "nothing much")]


def test_what_is_seen_becomes_what_the_policy_says() -> None:
    (verdict,) = Suspicious(CLASSROOM).mahlstick_check_result(GREY, None)
    assert (verdict.action, verdict.category, verdict.score) == (Action.BLUR, "violence", 0.6)
    assert verdict.sentence == "A filter thinks the picture shows a fight."
    (label,) = Suspicious(STUDIO).mahlstick_check_result(GREY, None)
    assert (label.action, label.sentence) == (Action.ALLOW, "")


def test_pictures_that_are_brought_are_seen_on_white() -> None:
    image = np.zeros((1, 3, 4), np.uint8)
    image[0, :, 3] = (255, 0, 128)
    filter_ = Suspicious(STUDIO)
    assert filter_.mahlstick_check_input(image)
    assert filter_.shown[0].shape == (1, 3, 3)
    assert filter_.shown[0][0, :, 0].tolist() == [0, 255, 127]
    assert over_white(np.dstack([GREY, GREY[..., 0] * 0 + 255])).tolist() == GREY.tolist()


@pytest.mark.parametrize("policy", [STUDIO, CLASSROOM, CHECKING])
def test_previews_are_looked_at_where_the_policy_says_so(policy: Policy) -> None:
    filter_ = Suspicious(policy)
    said = filter_.mahlstick_check_preview(GREY, None)
    assert bool(said) is bool(filter_.shown) is (policy.previews is Previews.CHECK)


def test_a_filter_has_to_say_what_it_sees() -> None:
    with pytest.raises(TypeError, match="sights"):
        PictureFilter(STUDIO)  # pyright: ignore[reportAbstractUsage]


def test_registering_every_filter_imports_nothing_heavy() -> None:
    script = (
        "import sys; from engine.plugins import Extensions;"
        "there = {'path': 'x', 'labels': {'a': 'hate'}};"
        "told = {name: there for name in ('safety_checker', 'nudity', 'classifier')};"
        "told |= {'policy': 'classroom', 'concepts': {}, 'skin': {}};"
        "names = Extensions(options={'filters': told}).names;"
        "print(sum('engine.filters' in name and ':' in name for name in names));"
        "print([m for m in ('torch', 'cv2', 'transformers', 'diffusers') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["8", "[]"]
