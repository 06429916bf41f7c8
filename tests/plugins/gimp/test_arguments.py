"""What a painter may ask for, as GIMP keeps it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from plugins.gimp.mahlstick_gimp.actions import ACTIONS, Action
from plugins.gimp.mahlstick_gimp.arguments import (
    MAX_SEED,
    PROMPT,
    RESULT,
    STEPS,
    STRENGTH,
    Argument,
    Settings,
    read_settings,
)
from plugins.gimp.mahlstick_gimp.errors import PainterError
from tests.plugins.gimp.fakes import ImageProcedure

BUTTONS = ("_Close", "C_ancel", "_Keep This", "_Paint", "_More")


class Config:
    """GIMP's ProcedureConfig: the defaults, and what a caller changed."""

    def __init__(self, action: Action = ACTIONS[0], **changed: Any) -> None:
        procedure = ImageProcedure("p", None, action)
        for argument in action.arguments:
            argument.declare(procedure)
        self.values = {**procedure.arguments, **changed}

    def get_property(self, name: str) -> Any:
        return self.values[name]


def settings_of(**changed: Any) -> Settings:
    return read_settings(Config(**changed), ACTIONS[0].arguments)


def test_the_defaults_leave_everything_to_the_model() -> None:
    assert settings_of() == Settings()


def test_what_was_given_is_read_back() -> None:
    config = Config(prompt="a moon", steps=7, guidance=2.5, model="m", source="layer", seed=" 12 ")
    told = read_settings(config, ACTIONS[0].arguments)
    assert (told.prompt, told.steps, told.guidance, told.model) == ("a moon", 7, 2.5, "m")
    assert (told.source, told.seed) == ("layer", 12)


def test_texts_that_a_script_did_not_give_are_empty() -> None:
    absent = dict.fromkeys(("prompt", "negative-prompt", "seed", "model", "sampler"))
    assert settings_of(**absent) == Settings()


def test_the_largest_seed_passes_through_gimps_small_integers() -> None:
    assert settings_of(seed=str(MAX_SEED)).seed == MAX_SEED


@pytest.mark.parametrize("text", ["-1", "one", "1.5", str(MAX_SEED + 1)])
def test_a_seed_that_is_none_is_refused_with_what_is_accepted(text: str) -> None:
    with pytest.raises(PainterError, match=re.escape(f"“{text}”; accepted are whole numbers")):
        settings_of(seed=text)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.verb)
def test_every_underlined_letter_of_a_window_is_used_once(action: Action) -> None:
    labels = [argument.label for argument in action.arguments] + list(BUTTONS)
    letters = [label[label.index("_") + 1].lower() for label in labels]
    assert sorted(letters) == sorted(set(letters))


def test_every_argument_says_what_it_is_for() -> None:
    assert all(len(argument.blurb) > 15 for a in ACTIONS for argument in a.arguments)


@pytest.mark.parametrize(
    ("argument", "right", "wrong"),
    [
        (PROMPT, ["", "a moon"], [None, 3, ["a moon"]]),
        (STEPS, [0, 500], [-1, 501, 2.5, "3", True, None]),
        (STRENGTH, [0.01, 0.5, 1], [0, 1.5, "1", True, None, float("nan")]),
        (RESULT, ["masked", "flattened"], ["", "other", None, 0]),
    ],
)
def test_what_a_file_holds_is_taken_where_it_is_right_only(
    argument: Argument, right: list[object], wrong: list[object]
) -> None:
    assert all(argument.accepts(value) for value in right)
    assert not any(argument.accepts(value) for value in wrong)
