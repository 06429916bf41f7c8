"""How many pictures a minute may be asked for, where a setting limits that."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable

from bridge.transports.openai.failures import LIMITED, ApiError, invalid

WINDOW_S = 60.0


class Pace:
    """Counts pictures in a sliding minute."""

    def __init__(self, per_minute: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        """`per_minute` None: no limit."""
        self._limit = per_minute
        self._clock = clock
        self._asked: deque[tuple[float, int]] = deque()

    def admit(self, pictures: int) -> None:
        """Count a request; raises ApiError, saying when to come again, where it is too many."""
        if self._limit is None:
            return
        if pictures > self._limit:
            raise invalid(
                "n",
                f"{pictures} pictures were asked for; this bridge paints {self._limit} a minute.",
            )
        now = self._clock()
        while self._asked and self._asked[0][0] <= now - WINDOW_S:
            self._asked.popleft()
        wait_s = self._wait_s(pictures, now)
        if wait_s > 0:
            raise ApiError(
                429,
                LIMITED,
                "rate_limit_exceeded",
                f"This bridge paints {self._limit} pictures a minute. Ask again in"
                f" {math.ceil(wait_s)} s.",
                retry_after_s=math.ceil(wait_s),
            )
        self._asked.append((now, pictures))

    def _wait_s(self, pictures: int, now: float) -> float:
        """Return how long until enough of what was asked is more than a minute ago."""
        excess = sum(count for _, count in self._asked) + pictures - (self._limit or 0)
        for asked, count in self._asked:
            if excess <= 0:
                break
            excess -= count
            if excess <= 0:
                return asked + WINDOW_S - now
        return 0.0
