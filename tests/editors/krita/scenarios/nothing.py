"""Starts Krita and ends it: what a first start does once need not be done again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def scenario(stage: Any) -> Iterator[None]:
    """Wait a little, so that the resource cache is written."""
    yield from stage.rest(1.0)
