"""Weights by keys, unknown words, and prompts that come back."""

from __future__ import annotations

import pytest

from plugins.krita.prompts import PromptHistory, places, weighted


@pytest.mark.parametrize(
    ("text", "start", "end", "up", "result", "marked"),
    [
        ("a red moon", 3, 3, True, "a (red:1.1) moon", "(red:1.1)"),
        ("a red moon", 2, 5, False, "a (red:0.9) moon", "(red:0.9)"),
        ("a red moon", 1, 6, True, "a (red:1.1) moon", "(red:1.1)"),
        ("a red moon", 2, 10, True, "a (red moon:1.1)", "(red moon:1.1)"),
        ("a (red:1.1) moon", 4, 4, True, "a (red:1.2) moon", "(red:1.2)"),
        ("a (red:1.1) moon", 4, 4, False, "a red moon", "red"),
        ("a (red:1.25) moon", 4, 4, True, "a (red:1.35) moon", "(red:1.35)"),
        ("a (red:2.0) moon", 4, 4, True, "a (red:2.0) moon", "(red:2.0)"),
        ("a (red:0.1) moon", 4, 4, False, "a (red:0.1) moon", "(red:0.1)"),
        ("red, moon", 3, 3, True, "(red:1.1), moon", "(red:1.1)"),
        ("", 0, 0, True, "", ""),
    ],
)
def test_words_get_weight(
    text: str, start: int, end: int, up: bool, result: str, marked: str
) -> None:
    new, left, right = weighted(text, start, end, up)
    assert new == result
    assert new[left:right] == marked


def test_going_up_and_down_again_leaves_the_prompt_as_it_was() -> None:
    text, start, end = "a red moon", 2, 5
    for up in (True, True, False, False, False, True):
        text, start, end = weighted(text, start, end, up)
    assert text == "a red moon"


def test_unknown_words_are_found_whole_and_in_any_case() -> None:
    assert places("A gnu, gnus and a Gnu", ["gnu"]) == [(2, 3), (18, 3)]
    assert places("(Bär:1.2) bär", ["bär"]) == [(1, 3), (10, 3)]
    assert places("moon", []) == []


def test_earlier_prompts_come_back_and_the_draft_is_not_lost() -> None:
    history = PromptHistory(["two", "one"])
    assert history.step("draft", back=True) == "two"
    assert history.step("two", back=True) == "one"
    assert history.step("one", back=True) == "one"
    assert history.step("one", back=False) == "two"
    assert history.step("two", back=False) == "draft"


def test_a_prompt_is_remembered_once_and_the_oldest_go() -> None:
    history = PromptHistory(["b", "a"], longest=3)
    for prompt in ("c", "a", "", "d"):
        history.add(prompt)
    assert history.prompts == ("d", "a", "c")
