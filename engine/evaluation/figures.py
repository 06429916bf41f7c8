"""What a row of `mahlstick eval` tells: figures beside their goals, or why it was skipped."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure shall be at least, or at most."""

    at_least: float | None = None
    at_most: float | None = None

    def holds(self, value: float) -> bool:
        """Tell whether a value reaches the goal."""
        low = -math.inf if self.at_least is None else self.at_least
        high = math.inf if self.at_most is None else self.at_most
        return low <= value <= high

    def __str__(self) -> str:
        if self.at_most is not None:
            return f"<= {self.at_most:g}"
        return "" if self.at_least is None else f">= {self.at_least:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure, of `count` pictures or runs."""

    row: str
    what: str
    value: float
    unit: str = ""
    count: int = 0
    goal: str = ""
    reached: bool | None = None  # None where there is no goal
    note: str = ""

    def __str__(self) -> str:
        verdict = {True: "ok", False: "MISSED", None: ""}[self.reached]
        goal = f"goal {self.goal}" if self.goal else ""
        line = f"{self.what:<58} {self.value:8.2f} {self.unit:<3} of {self.count:<5}"
        return f"{line} {goal:<14} {verdict:<7}{self.note}".rstrip()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that this model cannot do, and why."""

    row: str
    why: str

    def __str__(self) -> str:
        return f"{self.row}: skipped. {self.why}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet to look at was written; what no judge here can score has nothing else."""

    row: str
    path: str
    note: str = ""

    def __str__(self) -> str:
        return f"{self.row}: look at {self.path}. {self.note}".rstrip()


Finding = Figure | Skipped | Sheet


def share(
    row: str, what: str, right: list[bool], goal: Goal | None = None, note: str = ""
) -> Figure:
    """Return the share in per cent of what is right; 0 of nothing."""
    value = 100.0 * sum(right) / len(right) if right else 0.0
    return figure(row, what, value, len(right), goal, "%", note)


def figure(
    row: str,
    what: str,
    value: float,
    count: int,
    goal: Goal | None = None,
    unit: str = "",
    note: str = "",
) -> Figure:
    """Return a figure held against its goal."""
    reached = None if goal is None else goal.holds(value)
    told = "" if goal is None else str(goal)
    return Figure(row, what, value, unit, count, told, reached, note)
