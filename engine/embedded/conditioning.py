"""How words and an image embedding reach the decoder, the same in training and in painting.

Tokens to attend to: the words' hidden states, then the image embedding and the words' own
embedding as one token each. A vector for every residual block: both embeddings again. A dropped
image embedding is all zeros; dropped words are the empty prompt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Embedded:
    """Words after CLIP: hidden states (N, L, D), unit embeddings (N, D), attention mask (N, L)."""

    hidden: Tensor
    pooled: Tensor
    mask: Tensor


@dataclass(frozen=True, slots=True)
class Asked:
    """What the decoder takes: tokens (N, length + 2, D) and vector (N, 2 D)."""

    tokens: Tensor
    vector: Tensor


def padded(words: Embedded, length: int) -> Tensor:
    """Return hidden states of fixed length (N, length, D), zero where there is no word."""
    from torch.nn import functional

    hidden = words.hidden * words.mask[..., None]
    return functional.pad(hidden, (0, 0, 0, length - hidden.shape[1]))


def conditioning(words: Embedded, pictures: Tensor, length: int) -> Asked:
    """Return what the decoder takes for words and unit image embeddings (N, D).

    `length` is how many tokens a prompt of the model has at most; shorter ones are padded to it.
    """
    import torch

    scale = pictures.shape[-1] ** 0.5
    seen, said = pictures * scale, words.pooled * scale  # of unit variance
    tokens = torch.cat([padded(words, length), seen[:, None], said[:, None]], dim=1)
    return Asked(tokens, torch.cat([seen, said], dim=-1))
