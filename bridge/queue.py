"""Whose turn it is: FIFO inside a session, one job of each session in turn. No clock, no I/O."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """A job's name among all sessions; the client's id alone is not unique."""

    session: str
    job: str

    def __str__(self) -> str:
        return f"{self.session}/{self.job}"


class Queue:
    """Who is painted next."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Key]] = {}  # sessions in the order of their turns

    def add(self, key: Key, *, first: bool = False) -> None:
        """Put a job last, or first, among its session's."""
        line = self._waiting.setdefault(key.session, deque())
        (line.appendleft if first else line.append)(key)

    def remove(self, key: Key) -> bool:
        """Take a job out; False when it does not wait."""
        line = self._waiting.get(key.session, deque())
        if key not in line:
            return False
        line.remove(key)
        if not line:
            del self._waiting[key.session]
        return True

    def take(self) -> Key | None:
        """Return the next job; its session then waits until all others had their turn."""
        if not self._waiting:
            return None
        session = next(iter(self._waiting))
        line = self._waiting.pop(session)
        key = line.popleft()
        if line:
            self._waiting[session] = line
        return key

    def place(self, key: Key) -> int:
        """Return how many jobs would be taken before this one; ValueError when it does not wait."""
        turn, ahead, before = list(self._waiting[key.session]).index(key), 0, True
        for session, line in self._waiting.items():
            before = before and session != key.session
            ahead += min(len(line), turn + before)
        return ahead

    def order(self) -> list[Key]:
        """Return all waiting jobs in the order in which they would be taken."""
        lines = [list(line) for line in self._waiting.values()]
        longest = max(map(len, lines), default=0)
        return [line[turn] for turn in range(longest) for line in lines if turn < len(line)]
