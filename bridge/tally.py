"""What happened since the bridge started, counted; words and pictures are not kept.

Events are all it hears: whatever records one is counted, by whichever way a job ends. Nothing here
is global and nothing imports the library that formats it, which the idle bridge does not need.
"""

from __future__ import annotations

import bisect
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from bridge.wire.messages import (
    TERMINAL,
    Failed,
    Finished,
    JobEvent,
    Painted,
    Preview,
    Started,
)

OUTCOMES = tuple(kind.type for kind in TERMINAL)
# Seconds: a step of the embedded model on a GPU up to one of a large model on a weak machine.
STEP_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


@dataclass
class Histogram:
    """How many values lay below each bound, and their sum."""

    bounds: tuple[float, ...] = STEP_BOUNDS
    counts: list[int] = field(default_factory=list)  # one more than bounds: what lies above all
    total: float = 0.0

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def add(self, value: float, times: int = 1) -> None:
        """Count a value."""
        self.counts[bisect.bisect_left(self.bounds, value)] += times
        self.total += value * times


@dataclass
class _Painting:
    """A job between its start and its first result."""

    began: float
    steps: int
    step: int = 0  # the last one seen
    stepped: float = 0.0  # when
    ended: float | None = None  # when the first result came


class Tally:
    """Counts events. Used from one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.began = clock()
        self.outcomes: Counter[str] = Counter(dict.fromkeys(OUTCOMES, 0))
        self.failures: Counter[str] = Counter()
        self.step_seconds = Histogram()
        self._clock = clock
        self._paintings: dict[tuple[str, str], _Painting] = {}

    @property
    def age_s(self) -> float:
        """Seconds since the bridge started."""
        return self._clock() - self.began

    def saw(self, session: str, event: JobEvent) -> None:
        """Count an event."""
        key = (session, event.job)
        if isinstance(event, Started):
            now = self._clock()
            self._paintings[key] = _Painting(now, event.steps, stepped=now)
        elif isinstance(event, TERMINAL):
            self._ended(event, self._paintings.pop(key, None))
        elif key in self._paintings:
            self._went_on(self._paintings[key], event)

    def _went_on(self, painting: _Painting, event: JobEvent) -> None:
        if isinstance(event, Preview) and event.step > painting.step:
            now, steps = self._clock(), event.step - painting.step
            self.step_seconds.add((now - painting.stepped) / steps, steps)
            painting.step, painting.stepped = event.step, now
        elif isinstance(event, Painted) and painting.ended is None:
            painting.ended = self._clock()

    def _ended(self, event: JobEvent, painting: _Painting | None) -> None:
        self.outcomes[event.type] += 1
        if isinstance(event, Failed):
            self.failures[event.code] += 1
        if isinstance(event, Finished) and painting is not None:
            self._mean(painting, event.stopped_at or painting.steps)

    def _mean(self, painting: _Painting, steps: int) -> None:
        """Count the steps of a painting without previews, all as long as their mean."""
        if painting.step == 0 and painting.ended is not None and steps > 0:
            self.step_seconds.add((painting.ended - painting.began) / steps, steps)
