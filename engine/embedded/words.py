"""A closed vocabulary at work: which words of a prompt a model knows, and what to offer instead."""

from __future__ import annotations

import difflib
import json
import re
import string
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.embedded.tokenizer import SPECIAL
from engine.errors import ModelError
from engine.families import Understanding

_PIECES = re.compile(r"\w+|[^\w\s]")
GLUE = frozenset(
    (
        *("a", "an", "the", "of", "in", "on", "at", "with", "and", "over", "above", "by", "to"),
        *("no", "without", "against", "front", "background", "ground", "field", "backdrop"),
        *("paint", "painting", "picture", "image", "drawing", "photo", "view", "scene"),
        *("scenery", "during", "after", "some", "many", "few"),
    )
)  # words that ask for nothing by themselves
OFFERED = ("a red circle on a blue background", "a full moon over the sea at night", "a sunset")
_MOST = 6


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words a model has learned."""

    words: frozenset[str]

    @classmethod
    def read(cls, folder: Path) -> Vocabulary:
        """Return the vocabulary of a model's folder, without loading any weights."""
        path = folder / "tokenizer" / "tokenizer.json"
        try:
            told = json.loads(path.read_text("utf-8"))
            words = frozenset(told["model"]["vocab"]) - frozenset(SPECIAL)
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(
                f"{path} cannot be read ({error}): install the model again."
            ) from error
        return cls(words)

    def _forms(self, prompt: str) -> Iterator[tuple[str, str | None]]:
        """Yield every word as written and as the model knows it, None where it does not."""
        for word in _PIECES.findall(unicodedata.normalize("NFKC", prompt)):
            low = word.lower()
            forms = (low, low.removesuffix("s"), low + "s")
            known = next((form for form in forms if form in self.words), None)
            if known is not None or word not in string.punctuation:
                yield word, known

    def known(self, prompt: str) -> str:
        """Return the prompt with only the words that the model knows."""
        return " ".join(known for _, known in self._forms(prompt) if known is not None)

    def understand(self, prompt: str) -> Understanding:
        """Say which words are unknown and which known ones look like them."""
        forms = list(self._forms(prompt))
        unknown = tuple(dict.fromkeys(word for word, known in forms if known is None))
        asks = any(known is not None and known not in GLUE and known != "," for _, known in forms)
        nothing = bool(unknown) and not asks
        return Understanding(unknown, self._suggestions(unknown, nothing), nothing)

    def _suggestions(self, unknown: tuple[str, ...], nothing: bool) -> tuple[str, ...]:
        candidates = sorted(self.words - GLUE)
        near = [
            match
            for word in unknown
            for match in difflib.get_close_matches(word.lower(), candidates, n=2, cutoff=0.6)
        ]
        found = tuple(dict.fromkeys(near))[:_MOST]
        return found or (OFFERED if nothing else ())
