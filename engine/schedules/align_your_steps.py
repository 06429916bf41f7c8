"""Schedules optimised for one model each: Sabour et al. (arXiv:2404.14507), their figures.

They are tables of sigma/alpha for ten steps; other counts are taken by straight lines through log
sigma, as the authors do. A path that starts below a table's first figure (a painting of low
strength) takes what follows; one that starts above, as pure noise does, takes its own start for
the first figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.hookspecs import hookimpl
from engine.schedules.level import CLEAN, Level, NoisePath, Schedule

SD15 = (
    *(14.6146412293, 6.4745760956, 3.8636745985, 2.6946151520, 1.8841921177, 1.3943805092),
    *(0.9642583904, 0.6523686016, 0.3977456272, 0.1515232662, 0.0291671582),
)
SDXL = (
    *(14.6146412293, 6.3184485287, 3.7681790315, 2.1811480769, 1.3405244945, 0.8620721141),
    *(0.5550693289, 0.3798540708, 0.2332364134, 0.1114188177, 0.0291671582),
)
SVD = (700.0, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002)


@dataclass(frozen=True, slots=True)
class TableSchedule:
    """A schedule through a table of falling sigma/alpha, its last figure taken for clean."""

    sigmas: Sequence[float]

    def __call__(self, path: NoisePath, steps: int) -> list[Level]:
        """Return steps + 1 levels of the path."""
        start = path.level(1.0)
        sigmas = self._sigmas_from(start.ratio)
        places = ((len(sigmas) - 1) * i / steps for i in range(1, steps))
        between = (path.level(path.time(Level(1.0, _at(sigmas, place)))) for place in places)
        return [start, *between, CLEAN]

    def _sigmas_from(self, ratio: float) -> Sequence[float]:
        """Return what is left of the table below a ratio, the ratio in front."""
        if ratio >= self.sigmas[0]:
            return self.sigmas
        *_, before_last, last = self.sigmas
        if ratio <= before_last:
            return (ratio, ratio * last / before_last)
        return (ratio, *(sigma for sigma in self.sigmas if sigma < ratio))


def _at(sigmas: Sequence[float], place: float) -> float:
    """Return the figure at a place in a table, 0 ... len - 1, by straight lines through its log."""
    above = min(int(place), len(sigmas) - 2)
    return sigmas[above] * (sigmas[above + 1] / sigmas[above]) ** (place - above)


@hookimpl
def mahlstick_schedules() -> Mapping[str, Schedule]:
    """Register one schedule a table."""
    return {
        "ays_sd15": TableSchedule(SD15),
        "ays_sdxl": TableSchedule(SDXL),
        "ays_svd": TableSchedule(SVD),
    }
