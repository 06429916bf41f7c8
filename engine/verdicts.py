"""What a filter says of a prompt or a picture, and what becomes of several such sayings.

A filter returns a `Verdict`, several, or None (nothing to say). Filters never raise to refuse: what
they raise is a fault of theirs, and blocks the job (`FAILED`), because a filter that cannot do its
work must not let pictures through.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

FAILED = "filter_failed"  # the category under which a filter that raises or overruns refuses


class Action(StrEnum):
    """What is to be done, from the mildest to the strictest."""

    ALLOW = "allow"  # go on; the verdict's sentence, if any, is told to the painter as a warning
    BLUR = "blur"  # go on, but blur what is shown and returned
    REFUSE = "refuse"  # end the job with a RefusedError of the verdict's category


@dataclass(frozen=True, slots=True)
class Verdict:
    """One filter's opinion. `score` is how sure it is, 0 to 1; `sentence` is for the painter."""

    action: Action
    category: str
    score: float = 1.0
    sentence: str = ""

    def label(self) -> dict[str, Any]:
        """Return what a result's record says of it: JSON-able, without the sentence."""
        return {k: v for k, v in asdict(self).items() if k != "sentence"}


Opinion = Verdict | Sequence[Verdict] | None  # what a check returns


def strictest(verdicts: Iterable[Verdict]) -> Verdict | None:
    """Return the strictest verdict, the surest of several alike, None where there is none."""
    order = list(Action)
    return max(verdicts, key=lambda one: (order.index(one.action), one.score), default=None)
