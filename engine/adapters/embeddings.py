"""Textual inversion: words that text encoders were not trained with, by the names of their files.

A word stands for one or several vectors that take the place of a token's. Vocabularies and weights
stay as they are: the new words have numbers below zero, which the encoders' first layer looks up
in a table of its own. (CLIP finds the end of a text as its highest number; numbers above the
vocabulary would lead it to the new word instead.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from engine.adapters.wanted import located
from engine.checkpoints.headers import Header, read_header
from engine.errors import ModelError

KEYS: Mapping[str, str] = {"text_encoder": "clip_l", "text_encoder_2": "clip_g"}
MOST = 75  # vectors of one word: what CLIP reads at once
Library = Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class Encoder:
    """A text encoder, and how it takes a text apart: without beginning and end."""

    network: nn.Module  # of transformers, with `get_input_embeddings`
    tokenize: Callable[[str], Sequence[int]]


@dataclass(frozen=True, slots=True)
class _Word:
    """A file's numbers, or why its name is read as any other word."""

    tokens: tuple[int, ...] = ()
    note: str | None = None


class Embeddings:
    """New words of all the text encoders of one model."""

    def __init__(self, encoders: Mapping[str, Encoder]) -> None:
        """`encoders` are named as in a diffusers folder: `text_encoder`, `text_encoder_2`."""
        self._encoders = dict(encoders)
        self._tables = {part: _Table(one.network) for part, one in encoders.items()}
        self._words: dict[tuple[Path, int, int], _Word] = {}
        self._followers: set[int] = set()
        self._count = 0
        self._names: tuple[tuple[str, ...], re.Pattern[str]] | None = None

    @property
    def followers(self) -> Collection[int]:
        """The numbers before which no chunk may end: all but the first of every word.

        Grows when new words are read.
        """
        return self._followers

    def tokens(self, part: str, text: str, library: Library) -> list[int]:
        """Return a text's tokens for one encoder, new words included; for `prompts.chunked`.

        A word is the name of its file, or `embedding:` and that name, in any case. RequestError for
        an `embedding:` that is unknown, ModelError for a file that is broken.
        """
        tokens: list[int] = []
        for piece in self._pieces(text, library):
            plain = isinstance(piece, str)
            tokens += self._encoders[part].tokenize(piece) if plain else piece.tokens
        return tokens

    def notes(self, text: str, library: Library) -> tuple[str, ...]:
        """Return what the painter is told of names in a text that this model cannot use."""
        words = (word for _, word in self._found(text, library))
        return tuple(dict.fromkeys(word.note for word in words if word.note))

    def _pieces(self, text: str, library: Library) -> Iterator[str | _Word]:
        """Yield a text in pieces: plain, or a new word."""
        end = 0
        for match, word in self._found(text, library):
            if word.tokens:
                yield text[end : match.start()]
                yield word
                end = match.end()
        yield text[end:]

    def _found(self, text: str, library: Library) -> Iterator[tuple[re.Match[str], _Word]]:
        for match in self._pattern(library).finditer(text):
            name = match["name"] or match["other"]
            yield match, self._word(name, located(name, library, "embedding"))

    def _pattern(self, library: Library) -> re.Pattern[str]:
        """Return what finds names in a text, longer ones first; kept while the library is."""
        names = tuple(library)
        if self._names is None or self._names[0] != names:
            self._names = names, _pattern(names)
        return self._names[1]

    def _word(self, name: str, path: Path) -> _Word:
        try:
            told = path.stat()
        except OSError as error:
            raise ModelError(
                f"The embedding {name} at {path} cannot be read ({error.strerror}). Check that it "
                "is still there."
            ) from error
        stamp = path, told.st_mtime_ns, told.st_size
        if stamp not in self._words:
            self._words[stamp] = self._read(name, path)
        return self._words[stamp]

    def _read(self, name: str, path: Path) -> _Word:
        """Read a file's vectors into the tables; a note where they are another model's."""
        header = read_header(path)
        keys = _keys(header, tuple(self._encoders))
        shapes = {part: _shape(header, key) for part, key in keys.items()}
        counts = {shape[0] for shape in shapes.values()}
        fits = len(counts) == 1 and all(
            shapes[part][1] == table.width for part, table in self._tables.items()
        )
        if not fits:
            return _Word(note=_another(name, header))
        count = counts.pop()
        if not 1 <= count <= MOST:
            raise ModelError(
                f"The embedding {name} has {count} vectors; 1 to {MOST} are accepted. Get another "
                "edition of the file."
            )
        tensors = load_file(path)
        for part, table in self._tables.items():
            table.add(tensors[keys[part]].reshape(count, -1))
        numbers = tuple(-1 - i for i in range(self._count, self._count + count))
        self._count += count
        self._followers.update(numbers[1:])
        return _Word(numbers)


class _Table:
    """The vectors of new words, looked up by an encoder's first layer."""

    def __init__(self, network: nn.Module) -> None:
        self._layer: nn.Embedding = network.get_input_embeddings()  # type: ignore[operator]
        self._base = self._layer.forward
        self._vectors = torch.zeros(0, self.width)

    @property
    def width(self) -> int:
        """How many numbers a vector has."""
        return self._layer.embedding_dim

    def add(self, vectors: Tensor) -> None:
        """Append vectors (N, D)."""
        if not len(self._vectors):
            self._layer.forward = self._looked_up
        self._vectors = torch.cat([self._vectors, vectors.to(self._vectors)])

    def _looked_up(self, input: Tensor) -> Tensor:
        """Return the vectors (..., D) of numbers, those below zero from this table."""
        known = self._base(input.clamp(min=0))
        if self._vectors.device != known.device:
            self._vectors = self._vectors.to(known.device)
        new = functional.embedding((-1 - input).clamp(min=0), self._vectors).to(known.dtype)
        return torch.where((input < 0)[..., None], new, known)


def _keys(header: Header, parts: Sequence[str]) -> dict[str, str]:
    """Return which tensor of a file is for which encoder; empty where it is not for these."""
    names = set(header.tensors)
    if names & set(KEYS.values()):
        wanted = {part: KEYS[part] for part in parts if part in KEYS}
        # A file with both is for models with both, or for the second alone, a refiner.
        alone = parts == ("text_encoder",) and KEYS["text_encoder_2"] in names
        return {} if alone or not set(wanted.values()) <= names else wanted
    if len(parts) != 1:
        return {}
    if "emb_params" in names:
        return {parts[0]: "emb_params"}
    return {parts[0]: names.pop()} if len(names) == 1 else {}


def _shape(header: Header, key: str) -> tuple[int, int]:
    """Return how many vectors a tensor holds, and how wide they are."""
    shape = header.tensors[key].shape
    if len(shape) == 1:
        return 1, shape[0]
    return (shape[0], shape[1]) if len(shape) == 2 else (0, 0)


def _another(name: str, header: Header) -> str:
    held = ", ".join(
        f"{key} {' x '.join(map(str, info.shape))}" for key, info in sorted(header.tensors.items())
    )
    return (
        f"The embedding {name} ({header.path.name}) is for another kind of model and was read as "
        f"plain words. It holds {held[:200]}."
    )


def _pattern(names: Sequence[str]) -> re.Pattern[str]:
    said = set(names) | {name.rpartition("/")[2] for name in names}
    plain = sorted({name.removesuffix(".safetensors") for name in said if name}, key=len)
    known = "|".join(re.escape(name) for name in reversed(plain)) or "(?!)"
    return re.compile(
        rf"(?<![\w-])(?:(?:embedding:)?(?P<name>{known})|embedding:(?P<other>[\w-]+(?:[./][\w-]+)*))"
        r"(?:\.safetensors)?(?![\w-])",
        re.IGNORECASE,
    )
