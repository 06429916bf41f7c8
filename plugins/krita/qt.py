"""The one module that knows which Qt this Krita is made of.

Krita 5.3 and 6.0 are one source on Qt 5 and on Qt 6 and say which; earlier ones are Qt 5. The wrong
binding must never be tried: importing it raises, or ends older Kritas.
"""

from __future__ import annotations

import importlib
from typing import Any, TypeAlias

QtObject: TypeAlias = Any  # the bindings are not installed where the types are checked


def _binding() -> str:
    try:
        from pykrita import qt_major_version  # pyright: ignore[reportMissingImports]
    except ImportError:
        return "PyQt5"
    return f"PyQt{qt_major_version()}"


QtCore: Any = importlib.import_module(f"{_binding()}.QtCore")
QtGui: Any = importlib.import_module(f"{_binding()}.QtGui")
QtWidgets: Any = importlib.import_module(f"{_binding()}.QtWidgets")
