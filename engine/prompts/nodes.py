"""What a prompt is made of, as its grammar sees it. `start` and `end` are places in the source."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Words as they stand, escapes undone."""

    text: str


@dataclass(frozen=True, slots=True)
class Weighted:
    """`(words)`, `(words:1.2)` or `[words]`: counts so many times as much."""

    inside: Sequence_
    weight: float


@dataclass(frozen=True, slots=True)
class Alternation:
    """`[a|b]`: one after the other, from step to step."""

    options: tuple[Sequence_, ...]


@dataclass(frozen=True, slots=True)
class Switch:
    """`[a:b:0.5]`: a until that share of the steps, or that step, then b."""

    before: Sequence_
    after: Sequence_
    when: float
    is_share: bool  # of the steps; else `when` is a number of steps


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`{a|b|c}`: one of them, drawn for each candidate; the places of its choices in the source."""

    options: tuple[tuple[int, int], ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class File:
    """`__name__`: one line of the painter's file of that name, drawn for each candidate."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Lora:
    """`<lora:name:0.8>`: a small addition to the model, and how much of it.

    `<lora:name:0.8:0.5>` gives what reads the words an amount of its own.
    """

    name: str
    weight: float
    words_weight: float | None = None  # None = `weight`


@dataclass(frozen=True, slots=True)
class Break:
    """`BREAK`: what follows is read as a chunk of its own."""


Node = Text | Weighted | Alternation | Switch | Wildcard | File | Lora | Break
Sequence_ = tuple[Node, ...]
