"""Prompts after a CLIP text encoder: hidden states, the embedding of the whole, where words end.

Words that count more or less have their hidden states moved away from, or towards, those of the
empty prompt at the same places; what they gave to the embedding of the whole is measured by
leaving them out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import CLIPTokenizer

from engine.errors import ModelError
from engine.prompts import Chunk, Span, Words, chunked

ENDS = 2  # tokens of a chunk that are the tokenizer's own


@dataclass(frozen=True, slots=True)
class Read:
    """A text: hidden states (N, L, D), embeddings (N, P) where there are, mask (N, L) of words."""

    hidden: Tensor
    pooled: Tensor | None
    mask: Tensor

    @property
    def embedding(self) -> Tensor:
        """The embedding (N, P), of an encoder that has one."""
        if self.pooled is None:
            raise ModelError("The model's text encoder has no projection. Get the model again.")
        return self.pooled

    def repeated(self, count: int) -> Read:
        """Return one text for each of several candidates."""
        pooled = None if self.pooled is None else self.pooled.expand(count, -1)
        return Read(self.hidden.expand(count, -1, -1), pooled, self.mask.expand(count, -1))


@dataclass(frozen=True, slots=True)
class Reader:
    """A text encoder with its vocabulary."""

    tokenizer: CLIPTokenizer
    network: Any
    device: str  # that computes

    @property
    def length(self) -> int:
        """How many tokens are read at once."""
        return int(self.tokenizer.model_max_length)

    def chunks(self, text: str, words: Words | None = None) -> tuple[Chunk[int], ...]:
        """Return a prompt's tokens, in pieces that can be read at once."""
        spans = (Span(text),) if words is None else words.spans
        return chunked(spans, self._ids, self.length - ENDS, self._ids(","))

    def read(self, text: str, words: Words | None = None) -> Read:
        """Return as much of a prompt as is read at once."""
        return self.read_chunk(self.chunks(text, words)[0])

    def read_all(self, chunks: Sequence[Chunk[int]], least: int = 1) -> Read:
        """Return all of a prompt, chunk behind chunk, filled up with empty ones; the first pooled.

        Only for networks that attend to any number of words.
        """
        nothing: Chunk[int] = Chunk()
        padded = [*chunks, *[nothing] * (least - len(chunks))]
        each = [self.read_chunk(chunk) for chunk in padded]
        hidden = torch.cat([one.hidden for one in each], dim=1)
        return Read(hidden, each[0].pooled, torch.cat([one.mask for one in each], dim=1))

    def read_chunk(self, chunk: Chunk[int]) -> Read:
        """Return one chunk after the encoder, its words counting as the painter wrote."""
        plain = self._encoded(chunk)
        if all(weight == 1.0 for weight in chunk.weights):
            return plain
        weights = [1.0, *chunk.weights]
        weights += [1.0] * (self.length - len(weights))
        nothing = self._encoded(Chunk()).hidden
        scale = plain.hidden.new_tensor(weights)[None, :, None]
        hidden = nothing + scale * (plain.hidden - nothing)
        pooled = None if plain.pooled is None else self._pooled(chunk, plain.pooled)
        return Read(hidden, pooled, plain.mask)

    def _pooled(self, chunk: Chunk[int], plain: Tensor) -> Tensor:
        """Return the embedding (1, P) with what each weighted run of words gave to it."""
        pooled, start = plain, 0
        for weight, run in groupby(chunk.weights):
            end = start + len(list(run))
            if weight != 1.0:
                left = (*chunk.tokens[:start], *chunk.tokens[end:])
                pooled = pooled + (weight - 1.0) * (plain - self._encoded(Chunk(left)).embedding)
            start = end
        return pooled * plain.norm() / pooled.norm().clamp_min(1e-6)

    def _encoded(self, chunk: Chunk[int]) -> Read:
        begin, end, pad = (
            self.tokenizer.bos_token_id,
            self.tokenizer.eos_token_id,
            self.tokenizer.pad_token_id,
        )
        row = [begin, *chunk.tokens, end]
        mask = [True] * len(row) + [False] * (self.length - len(row))
        row += [pad] * (self.length - len(row))
        out = self.network(torch.tensor([row], device=self.device))
        pooled = getattr(out, "text_embeds", None)
        return Read(out.last_hidden_state, pooled, torch.tensor([mask], device=self.device))

    def _ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])


def reader(network: Any, vocabulary: Path, device: str) -> Reader:  # noqa: ANN401 - two classes without a base
    """Return a text encoder with the vocabulary of a folder; raises ModelError."""
    try:
        words = CLIPTokenizer.from_pretrained(vocabulary, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"The vocabulary in {vocabulary} cannot be read ({error}). Get the model again."
        ) from error
    return Reader(words, network, device)
