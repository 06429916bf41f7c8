"""What plugins add to one job without a say in whether it goes on: words, looks, scores, stamps.

A rewriter that fails fails the job, since what would be painted is not what its author meant. Any
other fault is told to the painter once, with the plugin's name, and the plugin is left alone for
the rest of the job.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.api import Control, PaintRequest, Pixels
from engine.calls import Implementation, called
from engine.errors import PluginError, RequestError
from engine.stamps import Stamp

if TYPE_CHECKING:
    from torch import Tensor

    from engine.families import Model
    from engine.plugins import Extensions


class Contributions:
    """The rewriters, observers, rankers and stamps of an engine, at work on one job."""

    def __init__(self, extensions: Extensions, request: PaintRequest, control: Control) -> None:
        self._extensions, self._control = extensions, control
        self.request = request  # the core replaces it when every choice is made
        self._told: dict[str, None] = {}  # sentences, in order, each once
        self._left_alone: set[tuple[str, str]] = set()  # (plugin, hook)

    @property
    def notes(self) -> tuple[str, ...]:
        """The sentences for the painter so far."""
        return tuple(self._told)

    def rewritten(self) -> tuple[str, str]:
        """Return prompt and negative prompt after every plugin had its say."""
        prompt, negative = self.request.prompt, self.request.negative_prompt
        for rewrite in self._extensions.implementations("mahlstick_rewrite_prompt"):
            words = {"prompt": prompt, "negative_prompt": negative}
            try:
                answer = called(rewrite, self._control, **words, request=self.request)
            except PluginError as error:
                if isinstance(error.__cause__, RequestError):  # the request's fault, it says
                    raise error.__cause__ from None
                raise
            prompt, negative = _words(rewrite.plugin, answer, prompt, negative)
        return prompt, negative

    def observe(self, candidates: tuple[int, ...], step: int, steps: int, x0: Tensor) -> None:
        """Show a step to every observer; each gets a copy, so that none can change the painting."""
        place = {"candidates": candidates, "step": step, "steps": steps}
        for watch in self._extensions.implementations("mahlstick_step"):
            if (watch.plugin, watch.hook) not in self._left_alone:
                said = self._tried(watch, **place, x0=x0.clone())
                if isinstance(said, str) and said:
                    self._told.setdefault(said)

    def score(self, picture: Pixels, prompt: str, candidate: int, model: Model) -> float | None:
        """Return the sum of what every ranker says, None where none says anything."""
        said = []
        for rank in self._extensions.implementations("mahlstick_rank"):
            given = {"picture": picture, "prompt": prompt, "candidate": candidate, "model": model}
            answer = self._tried(rank, _number, **given)
            if answer is not None:
                said.append(answer)
        return sum(said) if said else None

    def stamped(
        self, image: Pixels, record: Mapping[str, Any], candidate: int
    ) -> tuple[Pixels, dict[str, Any]]:
        """Return the patch and its record after every stamp."""
        record = dict(record)
        for stamp in self._extensions.implementations("mahlstick_stamp"):

            def fits(plugin: str, answer: object, image: Pixels = image) -> Stamp | None:
                return _stamp(plugin, answer, image, record)

            made = self._tried(stamp, fits, image=image, record=dict(record), candidate=candidate)
            if made is not None:
                record.update(made.entries)
                image = image if made.image is None else made.image
        return image, record

    def _tried(
        self,
        implementation: Implementation,
        read: Any = lambda _, answer: answer,  # noqa: ANN401 - (plugin, answer) -> what it means
        **offered: object,
    ) -> Any:  # noqa: ANN401 - each hook has its own answer
        """Return a hook's answer as it is read; a fault is told, and the answer is None."""
        key = (implementation.plugin, implementation.hook)
        if key in self._left_alone:
            return None
        try:
            answer = called(implementation, self._control, **offered, request=self.request)
            return read(implementation.plugin, answer)
        except PluginError as error:
            self._left_alone.add(key)
            self._told.setdefault(str(error))
            return None


def _words(plugin: str, answer: object, prompt: str, negative: str) -> tuple[str, str]:
    match answer:
        case None:
            return prompt, negative
        case str():
            return answer, negative
        case (str(), str()):
            return answer[0], answer[1]
    raise PluginError(
        f"The plugin {plugin} answered {answer!r} for a prompt. A rewriter returns a text, a pair "
        "of prompt and negative prompt, or None: correct it or remove it."
    )


def _number(plugin: str, answer: object) -> float | None:
    if answer is None:
        return None
    if isinstance(answer, (int, float, np.floating)) and np.isfinite(answer):
        return float(answer)
    raise PluginError(
        f"The plugin {plugin} ranked a picture {answer!r}. A ranker returns a finite number or "
        "None: correct it or remove it."
    )


def _stamp(plugin: str, answer: object, image: Pixels, record: Mapping[str, Any]) -> Stamp | None:
    """Return a stamp that keeps the rules; PluginError for one that does not."""
    if answer is None:
        return None
    if not isinstance(answer, Stamp):
        raise _bad_stamp(plugin, f"answered {answer!r}", "returns an engine.Stamp or None")
    taken = sorted(set(answer.entries) & set(record))
    if taken:
        raise _bad_stamp(plugin, f"overwrites {', '.join(taken)}", "adds names of its own")
    try:
        json.dumps(dict(answer.entries))
    except (TypeError, ValueError) as error:
        raise _bad_stamp(plugin, f"wrote no JSON ({error})", "adds what JSON can hold") from error
    marked = answer.image
    if marked is not None and not _keeps_its_shape(marked, image):
        raise _bad_stamp(plugin, "changed the patch's shape or alpha", "changes colours alone")
    return answer


def _keeps_its_shape(marked: object, image: Pixels) -> bool:
    return (
        isinstance(marked, np.ndarray)
        and marked.shape == image.shape
        and marked.dtype == image.dtype
        and np.array_equal(marked[..., 3], image[..., 3])
    )


def _bad_stamp(plugin: str, did: str, rule: str) -> PluginError:
    return PluginError(f"The plugin {plugin} {did} in a stamp. A stamp {rule}: correct it.")
