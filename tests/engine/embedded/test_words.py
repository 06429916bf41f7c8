from __future__ import annotations

from pathlib import Path

import pytest

from engine.embedded.tokenizer import EOS, LENGTH, new_tokenizer, read_vocabulary
from engine.embedded.words import OFFERED, SYNONYMS, Vocabulary
from engine.errors import ModelError


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary(frozenset(read_vocabulary()))


def test_known_words_are_kept_and_unknown_ones_left_out(vocabulary: Vocabulary) -> None:
    assert vocabulary.known("A Red dragon on a blue Circle!") == "a red on a blue circle"
    assert vocabulary.understand("a red dragon").unknown_words == ("dragon",)


def test_a_plural_is_understood_as_its_singular_where_only_that_is_known() -> None:
    small = Vocabulary(frozenset(("circle", "red", "hills")))
    assert small.known("red circles") == "red circle"
    assert small.known("a hill") == "hills"
    assert small.understand("circles").unknown_words == ()


def test_a_count_keeps_its_plural(vocabulary: Vocabulary) -> None:
    assert vocabulary.known("three circles") == "three circles"


@pytest.mark.parametrize(("said", "known"), [("a kitten", "a cat"), ("two yachts", "two boat")])
def test_a_synonym_is_understood_as_the_word_that_is_known(
    vocabulary: Vocabulary, said: str, known: str
) -> None:
    assert vocabulary.known(said) == known
    assert vocabulary.understand(said).unknown_words == ()


def test_a_synonym_of_an_unknown_word_stays_unknown() -> None:
    early = Vocabulary(frozenset(("sea", "circle")))
    assert early.understand("a yacht on the sea").unknown_words == ("a", "yacht", "on", "the")


def test_synonyms_lead_into_the_vocabulary_and_none_hides_a_known_word(
    vocabulary: Vocabulary,
) -> None:
    assert set(SYNONYMS.values()) <= vocabulary.words
    assert not set(SYNONYMS) & vocabulary.words


def test_a_misspelt_word_is_met_with_one_like_it(vocabulary: Vocabulary) -> None:
    understanding = vocabulary.understand("a trinagle on a blue background")
    assert understanding.unknown_words == ("trinagle",)
    assert "triangle" in understanding.suggestions
    assert not understanding.nothing_known


@pytest.mark.parametrize("prompt", ["дракон", "🐉", "a dragon", "the picture of a xyzzy"])
def test_a_prompt_of_unknown_words_is_told_so_and_offered_others(
    vocabulary: Vocabulary, prompt: str
) -> None:
    understanding = vocabulary.understand(prompt)
    assert understanding.nothing_known
    assert understanding.suggestions


def test_when_nothing_is_near_whole_prompts_are_offered(vocabulary: Vocabulary) -> None:
    assert vocabulary.understand("🐉").suggestions == OFFERED


@pytest.mark.parametrize("prompt", ["", "   ", "...", "a red circle, please!"])
def test_an_empty_prompt_is_not_a_misunderstanding(vocabulary: Vocabulary, prompt: str) -> None:
    assert not vocabulary.understand(prompt).nothing_known


def test_a_folder_without_a_tokenizer_is_a_broken_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="install the model again"):
        Vocabulary.read(tmp_path)


def test_every_word_is_one_token_and_long_prompts_lose_their_tail() -> None:
    tokenizer = new_tokenizer(read_vocabulary())
    words = " ".join(word for word in read_vocabulary() if word != ",")
    ids = tokenizer(words, truncation=True, max_length=LENGTH)["input_ids"]
    assert len(ids) == LENGTH
    assert ids[-1] == tokenizer.convert_tokens_to_ids(EOS)
    assert tokenizer("grey GRAY")["input_ids"][1] != tokenizer.unk_token_id
