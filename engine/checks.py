"""What filters say during one job, and what comes of it.

Fail closed: a filter that raises, answers with anything but verdicts, or takes too long refuses the
job. A verdict on the words or on the painter's picture holds for all the job shows; one on a
preview or a result for that picture alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from engine.api import Control, PaintRequest, Pixels
from engine.calls import called_in_time
from engine.errors import PluginError, RefusedError
from engine.verdicts import FAILED, Action, Verdict, strictest

if TYPE_CHECKING:
    from engine.families import Model
    from engine.plugins import Extensions

CELLS = 12  # a blurred picture shows no more than this along its longer side


class Checks:
    """The filters of an engine, at work on one job."""

    def __init__(
        self, extensions: Extensions, request: PaintRequest, control: Control, timeout_s: float
    ) -> None:
        self._extensions, self._request, self._control = extensions, request, control
        self._timeout_s = timeout_s
        self._standing: list[Verdict] = []  # on prompt and input: they hold for all that is shown
        self._told: dict[str, None] = {}  # sentences, in order, each once

    def prompts(self, texts: Sequence[str]) -> None:
        """Have every text looked at; RefusedError when one is refused."""
        for text in dict.fromkeys(texts):
            self._standing += self._asked("mahlstick_check_prompt", prompt=text)

    def input(self) -> None:
        """Have the painter's pictures looked at, if there are any; RefusedError when refused."""
        request = self._request
        for image, mask in ((request.image, request.mask), (request.second_image, None)):
            if image is not None:
                self._standing += self._asked("mahlstick_check_input", image=image, mask=mask)

    def preview(
        self, picture: Pixels, candidate: int, step: int, steps: int, model: Model | None = None
    ) -> Pixels:
        """Return a preview as it may be shown; RefusedError ends the job."""
        place = {"candidate": candidate, "step": step, "steps": steps}
        said = self._asked("mahlstick_check_preview", picture=picture, **place, model=model)
        return self._shown(picture, said)

    def result(
        self, picture: Pixels, candidate: int, model: Model | None = None
    ) -> tuple[Pixels, list[dict[str, Any]]]:
        """Return a result as it may be shown, and its labels; RefusedError ends the job."""
        place = {"candidate": candidate, "model": model}
        said = self._asked("mahlstick_check_result", picture=picture, **place)
        labels = [verdict.label() for verdict in (*self._standing, *said) if verdict.category]
        return self._shown(picture, said), labels

    @property
    def notes(self) -> tuple[str, ...]:
        """The sentences for the painter so far."""
        return tuple(self._told)

    def _shown(self, picture: Pixels, said: Sequence[Verdict]) -> Pixels:
        worst = strictest((*self._standing, *said))
        return blurred(picture) if worst is not None and worst.action is Action.BLUR else picture

    def _asked(self, hook: str, **offered: object) -> list[Verdict]:
        """Return all verdicts; raises RefusedError for the strictest refusal among them."""
        verdicts = list(self._verdicts(hook, offered))
        worst = strictest(verdicts)
        if worst is not None and worst.action is Action.REFUSE:
            raise RefusedError(
                worst.category, worst.sentence or f"Refused: this is {worst.category}."
            )
        self._told.update(dict.fromkeys(one.sentence for one in verdicts if one.sentence))
        return verdicts

    def _verdicts(self, hook: str, offered: dict[str, object]) -> Iterator[Verdict]:
        for check in self._extensions.implementations(hook):
            try:
                answer = called_in_time(
                    check, self._control, self._timeout_s, **offered, request=self._request
                )
                yield from _opinion(check.plugin, answer)
            except PluginError as error:
                raise RefusedError(
                    FAILED, f"A filter could not do its work, so nothing is painted. {error}"
                ) from error


def blurred(picture: Pixels) -> Pixels:
    """Return a picture (h, w, C) of which only a dozen soft patches are left.

    Made from a tiny copy: a wide Gaussian could be undone in part, thrown away pixels cannot.
    """
    import cv2

    height, width = picture.shape[:2]
    shrink = CELLS / max(height, width, CELLS)
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return large.reshape(picture.shape).astype(picture.dtype)


def _opinion(plugin: str, answer: object) -> Sequence[Verdict]:
    """Return a filter's answer as verdicts; anything else it said is a fault of its own."""
    if answer is None:
        return ()
    if isinstance(answer, Verdict):
        return (answer,)
    if isinstance(answer, (list, tuple)) and all(isinstance(one, Verdict) for one in answer):
        return answer
    raise PluginError(
        f"The plugin {plugin} answered {answer!r}. A check returns an engine.Verdict, a list of "
        "them, or None: correct it or remove it."
    )
