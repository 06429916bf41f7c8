"""Long prompts for text encoders of fixed length: the contract for families with a CLIP.

CLIP reads 77 tokens, two of which are its own. A longer prompt becomes several chunks of at most 75
tokens; a family puts beginning, end and padding around each, encodes them, and joins the hidden
states along the tokens. A chunk ends behind a comma where there is one near its end, so that a
phrase stays together, and wherever the painter wrote BREAK.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from engine.prompts.words import Span

Token = TypeVar("Token")  # a number, or, where a tokenizer has a token a word, the word
ROOM = 75  # tokens of CLIP's 77 that are the prompt's
NEAR = 20  # tokens from a chunk's end within which a comma may end it


@dataclass(frozen=True, slots=True)
class Chunk(Generic[Token]):
    """Tokens that are encoded together, and how much each counts."""

    tokens: tuple[Token, ...] = ()
    weights: tuple[float, ...] = ()


def chunked(
    spans: Sequence[Span],
    tokenize: Callable[[str], Sequence[Token]],
    room: int = ROOM,
    commas: Collection[Token] = (),
    followers: Collection[Token] = (),
) -> tuple[Chunk[Token], ...]:
    """Return a prompt's chunks, at least one, in order; no token is lost.

    `tokenize` gives a text's tokens without beginning and end, `commas` are the tokens behind which
    a chunk may end early, `followers` those that stay in the chunk of the token before them, as
    long as that fits.
    """
    chunks: list[Chunk[Token]] = []
    for part in _parts(spans):
        tokens = [(token, span.weight) for span in part for token in tokenize(span.text)]
        while tokens:
            length = _kept_together(tokens, _length(tokens, room, commas), followers)
            here, tokens = tokens[:length], tokens[length:]
            chunks.append(Chunk(tuple(t for t, _ in here), tuple(w for _, w in here)))
    return tuple(chunks) or (Chunk(),)


def _parts(spans: Sequence[Span]) -> list[list[Span]]:
    """Return spans grouped by what is to be read apart."""
    parts: list[list[Span]] = [[]]
    for span in spans:
        if span.starts_chunk:
            parts.append([])
        parts[-1].append(span)
    return parts


def _length(tokens: Sequence[tuple[Token, float]], room: int, commas: Collection[Token]) -> int:
    """Return how many tokens the next chunk takes."""
    if len(tokens) <= room:
        return len(tokens)
    for length in range(room, max(0, room - NEAR), -1):
        if tokens[length - 1][0] in commas:
            return length
    return room


def _kept_together(
    tokens: Sequence[tuple[Token, float]], length: int, followers: Collection[Token]
) -> int:
    """Return a length that is no longer, and at which no follower would begin a chunk."""
    for shorter in range(length, 0, -1):
        if shorter == len(tokens) or tokens[shorter][0] not in followers:
            return shorter
    return length
