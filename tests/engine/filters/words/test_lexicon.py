"""Where a list's entries stand in a prompt."""

from __future__ import annotations

import pytest

from engine.filters.words.folding import tokens_of
from engine.filters.words.lexicon import LANGUAGES, LISTS, Lexicon

LEXICON = Lexicon(
    [
        ("safe", "killer whale*, blood orange"),
        ("killing", "kill*, gun down"),
        ("blood", "blood\nbloody"),
        ("murder", "*mord"),
        ("minor", "#minor year*, #bare, boy, young"),
        ("not_minor", "young man"),
        ("curse", "damn"),
    ]
)


def found(prompt: str) -> dict[str, list[tuple[int, int]]]:
    groups = LEXICON.reading(tokens_of(prompt)).groups
    return {name: [(match.start, match.end) for match in group] for name, group in groups.items()}


def test_words_phrases_and_wildcards_are_found_where_they_stand() -> None:
    assert found("they gun down") == {"killing": [(1, 3)]}
    assert found("a killer") == {"killing": [(1, 2)]}
    assert found("Selbstmord") == {"murder": [(0, 1)]}
    assert found("bloody kills")["blood"] == [(0, 1)]


@pytest.mark.parametrize("prompt", ["skill", "a bloodhound", "gun, sit down", "mordant", "guns"])
def test_a_part_of_a_word_is_not_the_word(prompt: str) -> None:
    assert found(prompt) == {}


def test_a_safe_phrase_covers_its_own_words_only() -> None:
    assert found("killer whales") == {}
    assert found("killer whales and killers") == {"killing": [(3, 4)]}
    assert LEXICON.reading(tokens_of("a blood orange")).covered == {1, 2}


def test_a_not_phrase_counts_against_one_group_only() -> None:
    assert found("a young man")["minor"] == []
    assert found("a young boy")["minor"] == [(1, 2), (2, 3)]


@pytest.mark.parametrize(
    ("prompt", "minor"),
    [
        ("17 years", True),
        ("18 years", False),
        ("girl, 16, smiling", True),
        ("girl, 36, smiling", False),
        ("16 candles", False),
        ("0 years", False),
    ],
)
def test_ages_below_18_are_minors(prompt: str, minor: bool) -> None:
    assert ("minor" in found(prompt)) is minor


def test_stars_stand_for_letters() -> None:
    assert "curse" in found("d*mn it")
    assert "curse" not in found("d*wn it")


def test_a_word_written_letter_by_letter_is_found_inside_a_run() -> None:
    assert "blood" in found("a b l o o d")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_groups_that_the_rules_need(language: str) -> None:
    import tomllib

    groups = tomllib.loads((LISTS / f"{language}.toml").read_text("utf-8"))
    needed = {"safe", "gore", "killing", "person", "sexual", "naked", "minor", "hate", "self_harm",
              "art", "medical", "remembrance", "help"}  # fmt: skip
    assert needed <= set(groups)
    assert all(text.strip() for text in groups.values())
