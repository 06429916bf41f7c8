"""Krita's own Python module, under a name that type checkers can hold on to."""

from __future__ import annotations

import importlib
from typing import Any, TypeAlias

KritaObject: TypeAlias = Any  # what is used of it is written down in `libkis`
krita: Any = importlib.import_module("krita")
