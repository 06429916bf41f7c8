"""A person who is to be seen, and a way of painting that has a name."""

from __future__ import annotations

import pytest

from engine.filters.words.folding import tokens_of
from engine.filters.words.people import People

PEOPLE = People.read()


def found(prompt: str, covered: frozenset[int] = frozenset()) -> dict[str, tuple[str, ...]]:
    return {one.category: one.words for one in PEOPLE.findings(tokens_of(prompt), covered)}


@pytest.mark.parametrize(
    "prompt",
    [
        "Salvador Dali waving",
        "salvador dali waving",
        "Salvador Dalí, waving at the viewer, Salvador Dali smiling",
        "van Gogh taking a selfie",
        "portrait of Salvador Dali",
        "Retrato de Frida Kahlo con loros",
        "Picasso eating spaghetti",
        "Salvador Dali",
    ],
)
def test_a_painter_who_does_something_is_a_person(prompt: str) -> None:
    assert "real_people" in found(prompt)


@pytest.mark.parametrize(
    "prompt",
    [
        "in the style of van Gogh",
        "in the style of Salvador Dali",
        "a harbour, Salvador Dali",
        "a street by Vincent van Gogh",
        "Van Gogh's sunflowers",
        "Monet landscape with a boat",
        "im Stil von Salvador Dalí",
        "à la manière de Salvador Dalí",
        "al estilo de Frida Kahlo",
        "nello stile di Pablo Picasso",
        "Charlie Chaplin-like tramp",
        "Egon Schiele line drawing",
    ],
)
def test_a_way_of_painting_is_no_person(prompt: str) -> None:
    assert found(prompt) == {}


@pytest.mark.parametrize(
    "prompt",
    [
        "Angela Merkel dancing",
        "a burger, Donald Trump",
        "d0nald trump in prison",
        "P u t i n laughs",
    ],
)
def test_politicians_have_their_own_category(prompt: str) -> None:
    assert set(found(prompt)) == {"political_figures"}


@pytest.mark.parametrize(
    "prompt",
    [
        "JFK airport",
        "place Charles-de-Gaulle",
        "Konrad-Adenauer-Allee",
        "a Churchill tank",
        "Einstein's formula",
        "Willy-Brandt-Haus in Berlin",
        "the cards trump each other",
        "Emma stone path",  # begins with a capital, and is no name
    ],
)
def test_what_is_named_after_somebody_is_nobody(prompt: str) -> None:
    assert found(prompt) == {}


def test_a_surname_that_is_a_word_needs_its_capital() -> None:
    assert found("Trump eats a burger")
    assert not found("to trump a card")


def test_words_of_harmless_phrases_are_no_names() -> None:
    assert found("Trump card", frozenset({0, 1})) == {}


@pytest.mark.parametrize(
    "prompt",
    [
        "our teacher Robert Miller asleep",
        "ein Foto von Sabine Schneider",
        "mi vecina Carmen García",
    ],
)
def test_a_given_name_and_a_surname_are_a_private_person(prompt: str) -> None:
    assert set(found(prompt)) == {"real_people"}


@pytest.mark.parametrize(
    "prompt",
    [
        "Harry Potter on a broom",
        "Saint Francis Xavier",
        "Emma, Johnson street",
        "Anna and Paul",
        "Robert Miller Street",
        "in the style of Robert Miller",
        "A Title In Which Thomas Miller Walks",
    ],
)
def test_other_pairs_of_capitals_are_no_private_person(prompt: str) -> None:
    assert found(prompt) == {}
