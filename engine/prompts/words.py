"""A prompt as a model gets it at one step: plain words, how much each counts, what is to be added.

Which words count at a step is decided here, so that no family knows of alternation: it is asked for
a denoiser once for each of the different wordings of a painting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from engine.prompts.grammar import parsed
from engine.prompts.nodes import (
    Alternation,
    Break,
    File,
    Lora,
    Node,
    Sequence_,
    Switch,
    Text,
    Weighted,
    Wildcard,
)


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a prompt whose words all count alike, 1 = as usual."""

    text: str
    weight: float = 1.0
    starts_chunk: bool = False  # the painter wants it read apart from what came before


@dataclass(frozen=True, slots=True)
class Words:
    """What is asked for at one step."""

    spans: tuple[Span, ...] = ()
    loras: tuple[Lora, ...] = ()

    @property
    def text(self) -> str:
        """The words alone, single spaces between them."""
        return " ".join("".join(span.text for span in self.spans).split())

    @property
    def is_weighted(self) -> bool:
        """Whether some words count more or less than others."""
        return any(span.weight != 1.0 and span.text.strip() for span in self.spans)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt without wildcards, read."""

    source: str = ""
    nodes: Sequence_ = ()

    @classmethod
    def read(cls, source: str, field: str = "prompt") -> Prompt:
        """Return a prompt read from its text; PromptError when its signs do not fit."""
        return cls(source, parsed(source, field))

    def at(self, step: int, steps: int) -> Words:
        """Return what is asked for at one step of a painting, 1-based."""
        spans: list[Span] = []
        loras: list[Lora] = []
        for part in _flat(self.nodes, 1.0, step, steps):
            if isinstance(part, Lora):
                loras.append(part)
            else:
                _append(spans, part)
        return Words(tuple(spans), tuple(loras))

    def wordings(self, steps: int) -> tuple[Words, ...]:
        """Return what is asked for at each of a painting's steps; equal ones are one object."""
        if not _changes(self.nodes):
            return (self.at(1, steps),) * steps
        known: dict[Words, Words] = {}
        return tuple(
            known.setdefault(words, words)
            for words in (self.at(step, steps) for step in range(1, steps + 1))
        )


def _append(spans: list[Span], span: Span) -> None:
    """Add a span, joined to the one before where both count alike."""
    if not span.text and not span.starts_chunk:
        return
    last = spans[-1] if spans else None
    if last is not None and not last.text:  # a BREAK, whose words come now
        if not span.text.isspace():
            spans[-1] = replace(span, starts_chunk=True)
    elif last is not None and last.weight == span.weight and not span.starts_chunk:
        spans[-1] = replace(last, text=last.text + span.text)
    else:
        spans.append(span)


def _flat(nodes: Sequence_, weight: float, step: int, steps: int) -> Iterator[Span | Lora]:
    for node in nodes:
        match node:
            case Text(text=text):
                yield Span(text, weight)
            case Break():
                yield Span("", weight, starts_chunk=True)
            case Lora():
                yield node
            case Weighted(inside=inside, weight=more):
                yield from _flat(inside, weight * more, step, steps)
            case Alternation() | Switch():
                yield from _flat(_chosen(node, step, steps), weight, step, steps)
            case Wildcard() | File():
                raise ValueError("Wildcards are drawn before a prompt is read: use `drawn`.")


def _changes(nodes: Sequence_) -> bool:
    """Say whether words change from step to step."""
    return any(
        isinstance(node, (Alternation, Switch))
        or (isinstance(node, Weighted) and _changes(node.inside))
        for node in nodes
    )


def _chosen(node: Node, step: int, steps: int) -> Sequence_:
    match node:
        case Alternation(options=options):
            return options[(step - 1) % len(options)]
        case Switch(before=before, after=after, when=when, is_share=is_share):
            last = when * steps if is_share else when
            return before if step <= last else after
    return ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What one candidate is painted from, and what it is kept away from."""

    prompt: Prompt = Prompt()
    negative: Prompt = Prompt()

    def wordings(self, steps: int) -> tuple[tuple[Words, Words], ...]:
        """Return words and negative words at each of a painting's steps."""
        return tuple(zip(self.prompt.wordings(steps), self.negative.wordings(steps), strict=True))

    def texts(self, steps: int) -> tuple[str, ...]:
        """Return every different plain text that is asked for, in the order of the steps."""
        return tuple(dict.fromkeys(words.text for words in self.prompt.wordings(steps)))
