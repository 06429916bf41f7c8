"""What words mean together."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from engine.filters.words.folding import tokens_of
from engine.filters.words.lexicon import LANGUAGES, LISTS, Lexicon
from engine.filters.words.rules import Finding, Rules
from engine.policies import CATEGORIES

LEXICON = Lexicon([("minor", "child"), ("nude", "nude, bare"), ("art", "study"), ("gore", "gore")])


def rules(*rows: dict[str, Any]) -> Rules:
    return Rules({"rule": list(rows), "advice": {}})


def findings(prompt: str, *rows: dict[str, Any]) -> list[Finding]:
    tokens = tokens_of(prompt)
    return rules(*rows).findings(tokens, LEXICON.reading(tokens))


PAIR = {"category": "minors", "score": 1, "when": ["minor", "nude"], "within": 2}
NUDE = {"category": "sexual", "score": 0.8, "when": ["nude|gore"], "unless": ["art"]}


def test_a_pair_fires_when_both_stand_close() -> None:
    assert findings("nude small child", PAIR) == [Finding("minors", 1.0, ("child", "nude"))]
    assert findings("nude rocks at the sea, a child", PAIR) == []
    assert findings("a child", PAIR) == []


def test_one_word_is_not_both_parts_of_a_pair() -> None:
    both = Lexicon([("one", "nude"), ("two", "nude")])
    tokens = tokens_of("nude")
    row = {"category": "sexual", "score": 1, "when": ["one", "two"]}
    assert rules(row).findings(tokens, both.reading(tokens)) == []


def test_a_pair_is_found_in_the_middle_of_a_long_prompt() -> None:
    padding = "tree " * 500
    assert findings(f"{padding} child {padding} nude child {padding}", PAIR)
    assert findings(f"child {padding} nude {padding}", PAIR) == []


def test_a_context_lifts_a_rule() -> None:
    assert findings("nude", NUDE)
    assert findings("nude study", NUDE) == []


def test_words_of_a_category_are_joined_and_the_surest_score_kept() -> None:
    sure = {"category": "sexual", "score": 0.95, "when": ["gore"]}
    assert findings("nude and Gore", NUDE, sure) == [Finding("sexual", 0.95, ("nude", "Gore"))]


def test_the_surest_category_comes_first() -> None:
    found = findings("nude child", NUDE, PAIR)
    assert [one.category for one in found] == ["minors", "sexual"]


def test_every_group_that_a_rule_names_has_words() -> None:
    table = tomllib.loads((LISTS / "rules.toml").read_text("utf-8"))
    groups = {
        group
        for language in LANGUAGES
        for group in tomllib.loads((LISTS / f"{language}.toml").read_text("utf-8"))
    }
    named = {
        group
        for row in table["rule"]
        for part in (*row["when"], *row.get("unless", ()))
        for group in part.split("|")
    }
    assert named <= groups


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_says_how_to_rephrase(category: str) -> None:
    assert Rules.read().advice[category].endswith(".")
