"""A guess by colour."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine import Action, Pixels, PluginError
from engine.filters.skin import SkinGuess, mahlstick_plugins, skin
from engine.policies import CLASSROOM


def flat(*colour: int) -> Pixels:
    return np.full((600, 400, 3), colour, np.uint8)


@pytest.mark.parametrize("tone", [(224, 172, 140), (198, 134, 96), (141, 85, 54), (240, 200, 175)])
def test_tones_of_skin_count(tone: tuple[int, int, int]) -> None:
    assert skin(flat(*tone)) == 1.0


@pytest.mark.parametrize("colour", [(255, 255, 255), (20, 20, 20), (30, 90, 200), (40, 160, 60)])
def test_other_colours_do_not(colour: tuple[int, int, int]) -> None:
    assert skin(flat(*colour)) == 0.0


def test_the_share_is_told_and_the_policy_answers(drawn_face: Callable[..., Pixels]) -> None:
    half = flat(30, 90, 200)
    half[:300] = (224, 172, 140)
    guess = SkinGuess(CLASSROOM, share=0.5)
    assert skin(half) == pytest.approx(0.5, abs=0.02)
    (verdict,) = guess.mahlstick_check_result(flat(224, 172, 140), None)
    assert verdict.action is Action.REFUSE
    assert guess.sights(half, None)[0].score == pytest.approx(0.5, abs=0.02)
    assert guess.mahlstick_check_result(flat(30, 90, 200), None) == []
    assert guess.sights(drawn_face(2), None)[0].score < 0.9


def test_its_settings_are_checked() -> None:
    assert mahlstick_plugins({}) == []
    assert len(mahlstick_plugins({"filters": {"skin": {}}})) == 1
    with pytest.raises(PluginError, match="above 0"):
        mahlstick_plugins({"filters": {"skin": {"share": 0}}})
