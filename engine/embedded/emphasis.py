"""How much each word of a prompt counts, and prompts longer than the model reads at once.

Hidden states are moved away from the empty prompt's, or towards it, by their weight, and then all
together back to the mean they had (the practice that began with AUTOMATIC1111's and ComfyUI's
interfaces; additive, since a ratio of means near zero would explode). A pooled embedding has no
states of single words; what a word gave to it is measured by leaving the word out. Long prompts
are read in chunks, whose states follow each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from engine.embedded.conditioning import Embedded, padded
from engine.embedded.imagination import unit
from engine.prompts import Chunk, Span, chunked

if TYPE_CHECKING:
    from torch import Tensor

Encode = Callable[[str], Embedded]  # known words, single spaces between them, to one row
ENDS = 2  # tokens that are the tokenizer's own


def weighed(
    encode: Encode, spans: Sequence[Span], known: Callable[[str], str], length: int
) -> Embedded:
    """Return a prompt after CLIP, as one row, every word counting as its span says.

    `known` leaves of a text what the model knows, one token a word; `length` is how many tokens the
    model reads at once, ends included. Of a longer prompt the row has several times that many.
    """
    chunks = chunked(spans, lambda text: known(text).split(), length - ENDS, commas=[","])
    rows = [_row(encode, chunk) for chunk in chunks]
    return rows[0] if len(rows) == 1 else _joined(rows, length)


def length_of(words: Embedded, length: int) -> int:
    """Return the multiple of a model's `length` that a row fills."""
    return -(-words.hidden.shape[1] // length) * length


def _row(encode: Encode, chunk: Chunk[str]) -> Embedded:
    plain = encode(" ".join(chunk.tokens))
    if all(weight == 1.0 for weight in chunk.weights):
        return plain
    weights = plain.hidden.new_tensor([1.0, *chunk.weights, 1.0])[None, :, None]  # (1, L, 1)
    nothing = encode("").hidden[:, -1:]  # (1, 1, D): what the end of an empty prompt says
    moved = nothing + weights * (plain.hidden - nothing)
    hidden = moved + (plain.hidden.mean() - moved.mean())
    return Embedded(hidden, _pooled(encode, chunk, plain.pooled), plain.mask)


def _pooled(encode: Encode, chunk: Chunk[str], plain: Tensor) -> Tensor:
    """Return the unit embedding (1, D) with what each weighted run of words gave to it."""
    pooled, start = plain, 0
    for weight, run in groupby(chunk.weights):
        end = start + len(list(run))
        if weight != 1.0:
            without = encode(" ".join((*chunk.tokens[:start], *chunk.tokens[end:]))).pooled
            pooled = pooled + (weight - 1.0) * (plain - without)
        start = end
    return unit(pooled)


def _joined(rows: Sequence[Embedded], length: int) -> Embedded:
    """Return chunks as one row, each padded to its full length."""
    import torch
    from torch.nn import functional

    hidden = torch.cat([padded(row, length) for row in rows], dim=1)
    masks = [functional.pad(row.mask, (0, length - row.mask.shape[1])) for row in rows]
    pooled = unit(torch.stack([row.pooled for row in rows]).mean(0))
    return Embedded(hidden, pooled, torch.cat(masks, dim=1))
