"""What a prompt asks of a model: its LoRAs laid over the networks, its words read by the encoders.

Words and pictures that were read lately are remembered by content, so that the same prompt with
another seed costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from engine.adapters import Additions, wanted
from engine.adapters.adapters import Adapters, Chosen
from engine.adapters.embeddings import Embeddings, Encoder
from engine.families import Conditions
from engine.families.latent import conditioning
from engine.families.latent.parts import Parts
from engine.families.latent.readers import Chunks, Read, evened, plain, read_all
from engine.prompts import Words
from engine.residency.remembered import Remembered, content_key


class Wording:
    """The LoRAs and the text encoders of one model."""

    def __init__(self, parts: Parts, *, empty_is_zero: bool) -> None:
        """`empty_is_zero`: an empty negative prompt is all zeros, not the words of nothing."""
        self._readers, self._empty_is_zero = parts.readers, empty_is_zero
        self._adapters = Adapters(parts.networks)
        self._embeddings = Embeddings(
            {reader.part: Encoder(reader.network, reader.ids) for reader in parts.readers}
        )
        self._remembered = Remembered()

    def loras(self, conditions: Conditions) -> Chosen:
        """Return the LoRAs a prompt asks for, read; the painter is told what cannot be used.

        Raises RequestError for a name that is unknown and for a file of another kind of model.
        """
        asked = () if conditions.words is None else conditions.words.loras
        chosen = self._adapters.chosen(wanted(asked, conditions.additions.loras))
        for note in chosen.notes:
            conditions.tell(note)
        return chosen

    def use(self, loras: Chosen) -> None:
        """Lay exactly these LoRAs over the networks; as good as free where they lie already."""
        self._adapters.put(loras)

    def read(
        self, conditions: Conditions, loras: Chosen, *, guides: bool
    ) -> tuple[Read, Read | None]:
        """Return the prompt and, where it guides, the negative prompt, both equally long.

        `loras` are in use.
        """
        words = plain(conditions.prompt, conditions.words)
        negative = plain(conditions.negative_prompt, conditions.negative_words)
        asked = [words, negative] if guides else [words]
        for one in asked:
            for note in self._embeddings.notes(one.text, conditions.additions.embeddings):
                conditions.tell(note)
        each = evened([self._chunks(one, conditions.additions) for one in asked])
        said = self._recalled(each[0], loras)
        if not guides:
            return said, None
        if self._empty_is_zero and not negative.text:
            return said, conditioning.nothing(said)
        return said, self._recalled(each[1], loras)

    def forget(self) -> None:
        """Take everything away and give its memory back."""
        self._adapters.forget()
        self._remembered.forget()

    def _chunks(self, words: Words, additions: Additions) -> list[Chunks]:
        """Return a prompt's tokens for each encoder."""
        known = additions.embeddings

        def tokens(part: str, text: str) -> list[int]:
            return self._embeddings.tokens(part, text, known)

        # New words are numbered when first met: meet them before asking which belong together.
        for reader in self._readers:
            tokens(reader.part, words.text)
        return [
            reader.chunks(
                words, lambda text, r=reader: tokens(r.part, text), self._embeddings.followers
            )
            for reader in self._readers
        ]

    def _recalled(self, each: Sequence[Chunks], loras: Chosen) -> Read:
        key = content_key(loras.words_key, each)
        with torch.inference_mode():
            return self._remembered.recalled(key, lambda: read_all(self._readers, each))
