"""The order in which candidates are shown."""

from __future__ import annotations

from collections.abc import Mapping


def ranked(scores: Mapping[int, float | None]) -> tuple[int, ...]:
    """Return candidates, best score first; those without a score follow, in their own order."""
    return tuple(sorted(scores, key=lambda k: _key(k, scores[k])))


def _key(candidate: int, score: float | None) -> tuple[bool, float, int]:
    return (score is None, 0.0 if score is None else -score, candidate)
