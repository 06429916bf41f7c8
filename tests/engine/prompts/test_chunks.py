"""Long prompts in chunks: nothing is lost, phrases stay together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.prompts import Chunk, Prompt, Span, chunked

COMMA = 0


def tokenize(text: str) -> list[int]:
    """A comma is token 0, any other word its length."""
    return [COMMA if word == "," else len(word) for word in text.replace(",", " , ").split()]


def test_a_short_prompt_is_one_chunk_with_its_weights() -> None:
    spans = Prompt.read("a (red:1.5) house").at(1, 1).spans
    assert chunked(spans, tokenize) == (Chunk((1, 3, 5), (1.0, 1.5, 1.0)),)


def test_no_words_are_one_empty_chunk() -> None:
    assert chunked((), tokenize) == (Chunk(),)


def test_a_chunk_ends_behind_a_comma_near_its_end() -> None:
    long = Span(" ".join(["aa"] * 70) + ", bbb bbb bbb bbb bbb bbb bbb")
    first, second = chunked((long,), tokenize, commas=[COMMA])
    assert first.tokens == (2,) * 70 + (COMMA,)
    assert second.tokens == (3,) * 7


def test_a_comma_too_far_from_the_end_ends_nothing() -> None:
    long = Span(" ".join(["aa"] * 20) + ", " + " ".join(["bbb"] * 60))
    assert [len(chunk.tokens) for chunk in chunked((long,), tokenize, commas=[COMMA])] == [75, 6]


def test_a_break_ends_a_chunk() -> None:
    spans = Prompt.read("a house BREAK a tree").at(1, 1).spans
    assert [chunk.tokens for chunk in chunked(spans, tokenize)] == [(1, 5), (1, 4)]


@given(st.lists(st.sampled_from(["a", "bb,", "ccc"]), max_size=300), st.integers(1, 80))
def test_no_token_is_lost_and_no_chunk_is_too_long(words: list[str], room: int) -> None:
    text = " ".join(words)
    chunks = chunked((Span(text, 1.2),), tokenize, room, [COMMA])
    assert [token for chunk in chunks for token in chunk.tokens] == tokenize(text)
    assert all(len(chunk.tokens) == len(chunk.weights) <= room for chunk in chunks)


def test_tokens_of_one_word_stay_in_one_chunk() -> None:
    spans = (Span(" ".join(["a"] * 73)), Span("bb ccc ddddd"))
    first, second = chunked(spans, tokenize, followers=[3, 5])
    assert (len(first.tokens), second.tokens) == (73, (2, 3, 5))


def test_a_word_that_fills_more_than_a_chunk_is_parted() -> None:
    assert [len(c.tokens) for c in chunked((Span("bb " * 80),), tokenize, followers=[2])] == [75, 5]
