"""What a row of `mahlstick bench` is: figures with their goal and, where known, ComfyUI's."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure shall be at most (or at least), and what ComfyUI 0.33 showed beside us."""

    at_most: float | None = None
    at_least: float | None = None
    comfyui: str = ""

    def holds(self, value: float) -> bool:
        """Tell whether a value reaches the goal; without one everything does."""
        low = -math.inf if self.at_least is None else self.at_least
        high = math.inf if self.at_most is None else self.at_most
        return low <= value <= high

    def __str__(self) -> str:
        if self.at_most is not None:
            return f"<= {self.at_most:g}"
        return "" if self.at_least is None else f">= {self.at_least:g}"


NO_GOAL = Goal()


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure: the median, and the smallest and largest of `runs` runs."""

    what: str
    unit: str
    median: float
    least: float
    most: float
    runs: int
    goal: str = ""
    reached: bool | None = None  # None where there is no goal
    comfyui: str = ""

    def __str__(self) -> str:
        spread = f"({self.least:.2f} to {self.most:.2f}, {self.runs} runs)"
        verdict = {True: "ok", False: "MISSED", None: ""}[self.reached]
        line = f"{self.what:<58} {self.median:9.2f} {self.unit:<5} {spread:<30}"
        goal = f"goal {self.goal}" if self.goal else ""
        rival = f"ComfyUI: {self.comfyui}" if self.comfyui else ""
        return " ".join(f"{line} {goal:<15} {verdict:<7}{rival}".split(" ")).rstrip()


def figure(what: str, unit: str, values: Sequence[float], goal: Goal = NO_GOAL) -> Figure:
    """Return the figure of several measurements; the goal is held against their median."""
    median = statistics.median(values)
    reached = goal.holds(median) if str(goal) else None
    least, most = min(values), max(values)
    return Figure(what, unit, median, least, most, len(values), str(goal), reached, goal.comfyui)


@dataclass(frozen=True, slots=True)
class Row:
    """Figures that are measured together, by the name that `--rows` takes."""

    name: str
    about: str
    measured: Callable[[int], Iterator[Figure]]  # given how often


def p95(values: Sequence[float]) -> float:
    """Return the value that 95 of 100 do not exceed."""
    return sorted(values)[min(len(values) - 1, math.ceil(len(values) * 0.95) - 1)]
