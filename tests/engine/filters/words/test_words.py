"""The prompt filter as the engine asks it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from engine.filters.words import WordFilter, mahlstick_plugins
from engine.policies import CLASSROOM, OFF, STUDIO
from engine.verdicts import Action


def test_the_sentence_says_category_words_and_how_to_rephrase() -> None:
    (verdict,) = WordFilter(STUDIO).mahlstick_check_prompt("Salvador Dali waving")
    assert verdict.action is Action.ALLOW
    assert verdict.category == "real_people"
    assert "a real person's name (“Salvador Dali”)" in verdict.sentence
    assert "in the style of" in verdict.sentence


def test_the_policy_decides() -> None:
    prompt = "a man torturing a prisoner"
    assert not WordFilter(OFF).mahlstick_check_prompt(prompt)
    assert [one.action for one in WordFilter(STUDIO).mahlstick_check_prompt(prompt)] == [
        Action.ALLOW
    ]
    strict = WordFilter(CLASSROOM).mahlstick_check_prompt(prompt)
    assert [one.action for one in strict] == [Action.REFUSE]


@pytest.mark.parametrize("policy", [OFF, STUDIO, CLASSROOM])
@pytest.mark.parametrize("prompt", ["nude child", "nacktes Kind", "enfant nu", "niña desnuda"])
def test_children_and_nudity_are_refused_under_every_policy(policy: Any, prompt: str) -> None:
    said = WordFilter(policy).mahlstick_check_prompt(prompt)
    assert Action.REFUSE in [one.action for one in said if one.category == "minors"]


@pytest.mark.parametrize("prompt", ["", "🤯", "a fox at dawn", "blood", "children in the park"])
def test_innocent_prompts_are_left_alone(prompt: str) -> None:
    assert WordFilter(CLASSROOM).mahlstick_check_prompt(prompt) == []


def test_options_choose_the_policy() -> None:
    (strict,) = mahlstick_plugins({"filters": {"policy": "classroom"}})
    assert isinstance(strict, WordFilter)
    assert strict.mahlstick_check_prompt("gore")[0].action is Action.REFUSE


def test_reading_prompts_imports_nothing_heavy() -> None:
    script = (
        "import sys; from engine.filters.words import WordFilter;"
        "from engine.policies import STUDIO;"
        "WordFilter(STUDIO).mahlstick_check_prompt('a fox');"
        "print([m for m in ('torch', 'cv2', 'transformers', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
