"""The forward processes models are trained on: time 0 is clean, time 1 the noisiest.

All of them depend on a level's sigma/alpha only when they are asked for its time, so a schedule
may think in sigmas and come back to the path with `path.level(path.time(Level(1.0, sigma)))`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import mul

from engine.errors import EngineError, RequestError
from engine.schedules.level import CLEAN, Level, NoisePath, Schedule

RIGHT_ANGLE = math.pi / 2


def _at_angle(angle: float) -> Level:
    """Return the variance-preserving level (cos, sin); alpha is exactly 0 at the right angle."""
    return Level(0.0, 1.0) if angle >= RIGHT_ANGLE else Level(math.cos(angle), math.sin(angle))


def _angle(level: Level) -> float:
    return math.atan2(level.sigma, level.alpha)


def _linear(start: float, end: float, steps: int) -> list[float]:
    return [start + (end - start) * i / max(steps - 1, 1) for i in range(steps)]


def _scaled_linear(start: float, end: float, steps: int) -> list[float]:
    return [root * root for root in _linear(math.sqrt(start), math.sqrt(end), steps)]


def _squared_cosine(_start: float, _end: float, steps: int) -> list[float]:
    """Nichol and Dhariwal (arXiv:2102.09672), equation 17, with their cap of 0.999."""
    bars = [math.cos((i / steps + 0.008) / 1.008 * RIGHT_ANGLE) ** 2 for i in range(steps + 1)]
    return [min(1.0 - after / before, 0.999) for before, after in pairwise(bars)]


# The names are those of `beta_schedule` in a checkpoint's scheduler configuration.
BETAS: dict[str, Callable[[float, float, int], list[float]]] = {
    "linear": _linear,
    "scaled_linear": _scaled_linear,
    "squaredcos_cap_v2": _squared_cosine,
}


def _zero_terminal_snr(alphas: Sequence[float]) -> list[float]:
    """Lin et al. (arXiv:2305.08891), algorithm 1: shift and scale so that the last alpha is 0."""
    scale = alphas[0] / (alphas[0] - alphas[-1])
    return [*((alpha - alphas[-1]) * scale for alpha in alphas[:-1]), 0.0]


@dataclass(frozen=True, slots=True)
class TablePath:
    """A variance-preserving path through a table of training steps.

    Training step i (from 0, as the network is told) is at time (i + 1) / len(table); time 0 is
    clean. Uniform times are thereby the spacing called "trailing", which never skips the noisiest
    step. Between steps the angle atan2(sigma, alpha) is interpolated: unlike log-SNR it is finite
    at both ends.
    """

    angles: tuple[float, ...]  # of the steps 0 ... T - 1, with the clean level's 0.0 in front

    @classmethod
    def from_alphas_cumprod(
        cls, alphas_cumprod: Iterable[float], *, zero_terminal_snr: bool = False
    ) -> TablePath:
        """Return the path through alpha^2 of every training step, falling, in (0, 1)."""
        alphas = [math.sqrt(value) for value in alphas_cumprod]
        if zero_terminal_snr:
            alphas = _zero_terminal_snr(alphas)
        angles = (0.0, *(math.atan2(math.sqrt(1.0 - a * a), a) for a in alphas))
        if len(angles) < 3 or any(b <= a for a, b in pairwise(angles)):
            raise ValueError(
                "A table of alphas_cumprod has two values or more, each below the last."
            )
        return cls(angles)

    @classmethod
    def from_betas(cls, betas: Iterable[float], *, zero_terminal_snr: bool = False) -> TablePath:
        """Return the path of a table of betas."""
        return cls.from_alphas_cumprod(
            accumulate((1.0 - beta for beta in betas), mul), zero_terminal_snr=zero_terminal_snr
        )

    @classmethod
    def named(
        cls,
        schedule: str = "scaled_linear",
        *,
        start: float = 0.00085,
        end: float = 0.012,
        steps: int = 1000,
        zero_terminal_snr: bool = False,
    ) -> TablePath:
        """Return the path of a `beta_schedule` as scheduler configurations name it; see `BETAS`."""
        if schedule not in BETAS:
            known = ", ".join(BETAS)
            raise ValueError(f"The beta schedule {schedule!r} is unknown; known are {known}.")
        betas = BETAS[schedule](start, end, steps)
        return cls.from_betas(betas, zero_terminal_snr=zero_terminal_snr)

    def level(self, time: float) -> Level:
        """Return the level at a time in [0, 1]."""
        place = min(max(time, 0.0), 1.0) * (len(self.angles) - 1)
        # A time such as 0.95 comes back from the table a rounding error beside its step.
        nearest = round(place)
        if abs(place - nearest) < 1e-9:
            return _at_angle(self.angles[nearest])
        below = int(place)
        low, high = self.angles[below], self.angles[below + 1]
        return _at_angle(low + (high - low) * (place - below))

    def time(self, level: Level) -> float:
        """Return the time at which the path has the level's sigma/alpha, 1 for what is noisier."""
        angle, last = _angle(level), len(self.angles) - 1
        if angle >= self.angles[-1]:
            return 1.0
        below = bisect_right(self.angles, angle) - 1
        low, high = self.angles[below], self.angles[below + 1]
        return (below + (angle - low) / (high - low)) / last

    def step(self, level: Level) -> float:
        """Return the training step to tell the network, 0 ... T - 1, with its fraction."""
        return max(self.time(level) * (len(self.angles) - 1) - 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class CosinePath:
    """The continuous cosine path: alpha = cos(pi t / 2), sigma = sin(pi t / 2).

    `shift` multiplies sigma/alpha everywhere, for pictures larger than those the path was made for
    (Hoogeboom et al., arXiv:2301.11093, equation 4).
    """

    shift: float = 1.0

    def level(self, time: float) -> Level:
        """Return the level at a time in [0, 1]."""
        plain = _at_angle(min(max(time, 0.0), 1.0) * RIGHT_ANGLE)
        return _at_angle(math.atan2(self.shift * plain.sigma, plain.alpha))

    def time(self, level: Level) -> float:
        """Return the time at which the path has the level's sigma/alpha."""
        return math.atan2(level.sigma, self.shift * level.alpha) / RIGHT_ANGLE


@dataclass(frozen=True, slots=True)
class FlowPath:
    """The straight path of flow models: alpha = 1 - u, sigma = u, pure noise at time 1.

    u = shift t / (1 + (shift - 1) t) spends more of the time at high noise, which large pictures
    need (Esser et al., arXiv:2403.03206, equation 23). u, not t, is what such a network is told.
    """

    shift: float = 1.0

    @classmethod
    def for_tokens(
        cls,
        tokens: int,
        *,
        small: tuple[int, float] = (256, 0.5),
        large: tuple[int, float] = (4096, 1.15),
    ) -> FlowPath:
        """Return the path for a picture of so many tokens (patches the network attends to).

        log(shift) goes in a straight line through two (tokens, log shift), as the
        resolution-dependent shift of Esser et al. is published for Flux: 256 x 256 and 1024 x 1024
        pixels.
        """
        (few, low), (many, high) = small, large
        return cls(math.exp(low + (high - low) * (tokens - few) / (many - few)))

    def level(self, time: float) -> Level:
        """Return the level at a time in [0, 1]."""
        t = min(max(time, 0.0), 1.0)
        u = self.shift * t / (1.0 + (self.shift - 1.0) * t)
        return Level(1.0 - u, u)

    def time(self, level: Level) -> float:
        """Return the time at which the path has the level's sigma/alpha."""
        u = level.sigma / (level.alpha + level.sigma)
        return u / (self.shift + (1.0 - self.shift) * u)


@dataclass(frozen=True, slots=True)
class PartialPath:
    """The cleaner part of a path: its time 1 is the whole path's time `start`.

    Any schedule laid on it spends all its steps on that part; this is how a strength below 1 is
    painted.
    """

    whole: NoisePath
    start: float

    def level(self, time: float) -> Level:
        """Return the level at a time in [0, 1] of this part."""
        return self.whole.level(self.start * time)

    def time(self, level: Level) -> float:
        """Return the time in this part, 1 for what is noisier than its start."""
        return min(self.whole.time(level) / self.start, 1.0)


def trained_steps(path: NoisePath) -> float:
    """Return how many steps of training lie in a path; a thousand where its time is continuous.

    Continuous models are told times in thousandths, and every published table has a thousand steps.
    """
    if isinstance(path, PartialPath):
        return path.start * trained_steps(path.whole)
    return len(path.angles) - 1.0 if isinstance(path, TablePath) else 1000.0


def _fault(levels: Sequence[Level], steps: int) -> str | None:
    """Say what breaks a schedule's contract; samplers divide by the distance of two levels."""
    if len(levels) != steps + 1:
        return f"it gave {len(levels)} levels, not {steps + 1}"
    if levels[-1] != CLEAN:
        return f"its last level is {levels[-1]}, not {CLEAN}"
    if any(b.log_snr <= a.log_snr for a, b in pairwise(levels)):
        return "its levels do not fall from one to the next"
    return None


def levels_from(
    schedule: Schedule, path: NoisePath, steps: int, strength: float = 1.0
) -> list[Level]:
    """Return steps + 1 levels, from the path's time `strength` down to `CLEAN`.

    Strength is a share of the path's time, so it means the same amount of noise under every
    schedule. All the steps are spent on that share: a weak strength is painted as carefully as a
    strong one. Raises RequestError for steps or strength out of range, and EngineError for a
    schedule that breaks its contract.
    """
    if steps < 1:
        raise RequestError("steps", f"Steps was {steps}; it must be at least 1.")
    if not 0.0 < strength <= 1.0:
        raise RequestError(
            "strength", f"Strength was {strength}; it must be above 0 and at most 1."
        )
    levels = schedule(path if strength == 1.0 else PartialPath(path, strength), steps)
    fault = _fault(levels, steps)
    if fault:
        name = getattr(schedule, "__name__", type(schedule).__name__)
        raise EngineError(f"The schedule {name!r} broke its contract: {fault}. Choose another one.")
    return levels
