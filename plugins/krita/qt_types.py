"""Qt's objects where they are only handed on: no binding is imported."""

from __future__ import annotations

from typing import Any, TypeAlias

Image: TypeAlias = Any  # a QImage
