"""A prompt as the network attends to it: chunks of 77 tokens after one or two text encoders.

Words that count more or less have their hidden states moved away from, or towards, those of the
empty prompt at the same places. Prompts over 75 tokens are read in chunks, whose states follow
each other; shorter ones beside them are filled up with empty chunks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import CLIPTokenizer

from engine.prompts import Chunk, Span, Words, chunked

ENDS = 2  # tokens of a chunk that are the tokenizer's own


@dataclass(frozen=True, slots=True)
class Read:
    """A prompt after text encoders: hidden states (1, chunks * 77, D), pooled (1, P) or None."""

    hidden: Tensor
    pooled: Tensor | None


@dataclass(frozen=True, slots=True)
class Reader:
    """One text encoder with its vocabulary."""

    part: str  # text_encoder or text_encoder_2
    tokenizer: CLIPTokenizer
    network: Any
    pad: int  # the token after the end
    penultimate: bool  # the last layer but one is what the denoiser was trained on
    device: str  # that computes, wherever the weights lie

    @property
    def length(self) -> int:
        """How many tokens are read at once."""
        return int(self.network.config.max_position_embeddings)

    def chunks(
        self,
        words: Words,
        tokenize: Callable[[str], Sequence[int]] | None = None,
        followers: Collection[int] = (),
    ) -> tuple[Chunk[int], ...]:
        """Return a prompt's tokens, in pieces that can be read at once.

        `tokenize` knows words that the vocabulary lacks, `followers` are their further tokens.
        """
        room, commas = self.length - ENDS, self.ids(",")
        return chunked(words.spans, tokenize or self.ids, room, commas, followers)

    def read(self, chunks: Sequence[Chunk[int]]) -> Read:
        """Return the chunks after the encoder, in a row, and the pooled text of the first."""
        rows = torch.tensor([self._row(chunk) for chunk in chunks], device=self.device)
        hidden, pooled = self._encoded(rows)
        if any(weight != 1.0 for chunk in chunks for weight in chunk.weights):
            empty, _ = self._encoded(torch.tensor([self._row(Chunk())], device=rows.device))
            weights = hidden.new_tensor([self._weights(chunk) for chunk in chunks])[..., None]
            hidden = empty + weights * (hidden - empty)
        joined = hidden.reshape(1, -1, hidden.shape[-1])
        return Read(joined, None if pooled is None else pooled[:1])

    def _encoded(self, rows: Tensor) -> tuple[Tensor, Tensor | None]:
        out = self.network(rows, output_hidden_states=self.penultimate)
        hidden = out.hidden_states[-2] if self.penultimate else out.last_hidden_state
        return hidden, getattr(out, "text_embeds", None)

    def ids(self, text: str) -> list[int]:
        """Return the tokens of a text, without beginning and end."""
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _row(self, chunk: Chunk[int]) -> list[int]:
        begin, end = self.tokenizer.bos_token_id, self.tokenizer.eos_token_id
        row = [begin, *chunk.tokens, end]
        return [*row, *[self.pad] * (self.length - len(row))]

    def _weights(self, chunk: Chunk[int]) -> list[float]:
        row = [1.0, *chunk.weights]
        return [*row, *[1.0] * (self.length - len(row))]


Chunks = tuple[Chunk[int], ...]


def read_all(readers: Sequence[Reader], each: Sequence[Chunks]) -> Read:
    """Return a prompt's chunks after all encoders, side by side; each has its own tokens of it."""
    read = [reader.read(chunks) for reader, chunks in zip(readers, each, strict=True)]
    return Read(torch.cat([one.hidden for one in read], dim=-1), read[-1].pooled)


def evened(prompts: Sequence[Sequence[Chunks]]) -> list[list[Chunks]]:
    """Return the chunks of several prompts with empty ones added, so that all have as many."""
    count = max(len(chunks) for each in prompts for chunks in each)
    return [[(*chunks, *[Chunk()] * (count - len(chunks))) for chunks in each] for each in prompts]


def plain(text: str, words: Words | None) -> Words:
    """Return a prompt's words, all counting alike where no weights are told."""
    return Words((Span(text),)) if words is None else words
