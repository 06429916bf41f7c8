"""How long a painting will still take."""

from __future__ import annotations

FIRST = 0.05  # of the work done, before which nothing can be said


class Pace:
    """Progress over time; the model's first step takes longer and counts less and less."""

    def __init__(self) -> None:
        self._first: tuple[float, float] | None = None
        self._newest = (0.0, 0.0)

    def note(self, progress: float, now: float) -> None:
        """Hear that a painting had got so far (0 to 1) at this time in seconds."""
        if progress <= 0:
            return
        if self._first is None or progress < self._newest[0]:
            self._first = (progress, now)
        if progress > self._newest[0] or progress == self._first[0]:
            self._newest = (progress, now)

    def left(self, now: float) -> float | None:
        """Return the seconds that are left; None while it cannot be known."""
        if self._first is None or self._newest[0] - self._first[0] < FIRST:
            return None
        done, at = self._newest
        each = (at - self._first[1]) / (done - self._first[0])
        return max(0.0, (1 - done) * each - (now - at))


def spoken(seconds: float) -> str:
    """Return a time as a painter says it."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
