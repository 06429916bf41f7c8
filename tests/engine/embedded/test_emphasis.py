"""Weights of words on the way to the decoder, and prompts longer than it reads at once."""

from __future__ import annotations

import pytest
import torch

from engine.embedded.conditioning import Embedded
from engine.embedded.emphasis import length_of, weighed
from engine.prompts import Prompt, Span

WIDTH, LENGTH = 8, 6


def encode(text: str) -> Embedded:
    """Each word's state is its own noise; the pooled one is their unit mean."""
    ids = [0, *(1 + sum(map(ord, word)) for word in text.split()), 1]
    hidden = torch.stack(
        [torch.randn(WIDTH, generator=torch.Generator().manual_seed(i)) for i in ids]
    )
    pooled = hidden.mean(0) / hidden.mean(0).norm()
    return Embedded(hidden[None], pooled[None], torch.ones(1, len(ids), dtype=torch.long))


def row(source: str) -> Embedded:
    spans = Prompt.read(source).at(1, 1).spans
    return weighed(encode, spans, lambda text: " ".join(text.replace(",", " , ").split()), LENGTH)


def test_words_that_count_alike_are_left_as_they_are() -> None:
    plain, same = encode("a red moon"), row("a (red:1.0) moon")
    assert torch.equal(plain.hidden, same.hidden)
    assert torch.equal(plain.pooled, same.pooled)


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.6])
def test_a_words_state_moves_from_nothings_and_the_mean_stays(weight: float) -> None:
    plain, weighted = encode("a red moon"), row(f"a (red:{weight}) moon")
    nothing = encode("").hidden[0, -1]
    drift = weighted.hidden[0, 0] - plain.hidden[0, 0]  # the mean's, the same for every state
    assert torch.allclose(weighted.hidden.mean(), plain.hidden.mean(), atol=1e-6)
    moved = weighted.hidden[0] - drift
    assert torch.allclose(moved[[0, 1, 3, 4]], plain.hidden[0, [0, 1, 3, 4]], atol=1e-6)
    assert torch.allclose(moved[2] - nothing, weight * (plain.hidden[0, 2] - nothing), atol=1e-5)


def test_the_pooled_embedding_leans_towards_what_counts_more() -> None:
    gave = encode("a red moon").pooled - encode("a moon").pooled
    more, less = row("a (red:1.5) moon").pooled, row("a (red:0.2) moon").pooled
    assert more.norm().item() == pytest.approx(1.0)
    assert (more @ gave.T) > (encode("a red moon").pooled @ gave.T) > (less @ gave.T)


def test_a_long_prompt_is_read_in_chunks_and_loses_nothing() -> None:
    long = row("a b c, d e f")
    assert long.hidden.shape == (1, 2 * LENGTH, WIDTH)
    assert length_of(long, LENGTH) == 2 * LENGTH
    first, second = encode("a b c ,"), encode("d e f")
    assert torch.equal(long.hidden[0, :6], first.hidden[0])
    assert torch.equal(long.hidden[0, 6:11], second.hidden[0])
    assert long.mask[0].tolist() == [1] * 11 + [0]
    assert long.pooled.norm().item() == pytest.approx(1.0)


def test_no_words_are_the_empty_prompt() -> None:
    assert torch.equal(weighed(encode, [Span("")], str.strip, LENGTH).hidden, encode("").hidden)
    assert torch.equal(weighed(encode, [], str.strip, LENGTH).hidden, encode("").hidden)
