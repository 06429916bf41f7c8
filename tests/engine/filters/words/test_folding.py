"""Words without their disguises."""

from __future__ import annotations

import pytest

from engine.filters.words.folding import folded, tokens_of, words_of


def forms(text: str) -> set[str]:
    return {form for token in tokens_of(text) for form in token.forms}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("TORTURE", "torture"),
        ("t0rtur3", "torture"),
        ("k1lling", "killing"),
        ("a$$", "ass"),
        ("t o r t u r e", "torture"),
        ("t.o.r.t.u.r.e", "torture"),
        ("t-o-r-t-u-r-e", "torture"),
        ("tor​tu\u00adre", "torture"),
        ("tоrturе", "torture"),  # Cyrillic o and e
        ("ｔｏｒｔｕｒｅ", "torture"),
        ("törtüré", "torture"),
        ("tortuuuure", "torture"),
        ("tortures", "torture"),
        ("Straße", "strasse"),
        ("cœur", "coeur"),
    ],
)
def test_a_disguised_word_is_read_as_what_it_is(written: str, meant: str) -> None:
    assert meant in forms(f"{written} scene")


@pytest.mark.parametrize("text", ["grapes", "1488", "🤯", "the cat", "U.S."])
def test_ordinary_words_get_no_strange_readings(text: str) -> None:
    assert not forms(text) & {"rape", "ibbb", "us"}


def test_letters_set_apart_by_different_signs_stay_apart() -> None:
    assert [token.written for token in tokens_of("a p.o.r.n clip")] == ["a", "porn", "clip"]
    assert [token.run for token in tokens_of("a p.o.r.n clip")] == [False, True, False]


def test_two_words_written_letter_by_letter_stay_two() -> None:
    assert [token.written for token in tokens_of("r e d  s k y")] == ["red", "sky"]


def test_an_age_is_a_number_and_a_word() -> None:
    assert [token.written for token in tokens_of("15yo")] == ["15", "yo"]
    assert tokens_of("15yo")[0].number == 15


def test_a_possessive_belongs_to_its_word() -> None:
    einstein, formula = tokens_of("Einstein’s formula")
    assert einstein.possessive
    assert not formula.possessive


def test_commas_and_stops_part_a_prompt() -> None:
    assert [token.segment for token in tokens_of("water lilies, Monet. Blue")] == [0, 0, 1, 2]


def test_plain_text_is_left_as_it_is() -> None:
    assert folded("a fox at dawn") == "a fox at dawn"


def test_entries_are_split_as_prompts_are() -> None:
    assert words_of("Toulouse-Lautrec") == ("toulouse", "lautrec")
    assert words_of("d'après Dürer") == ("d", "apres", "durer")
