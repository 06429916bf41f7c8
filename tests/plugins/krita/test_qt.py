"""The binding is the one that this Krita is made of, and the other one is never tried."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SOURCE = Path(__file__).parents[3] / "plugins" / "krita" / "qt.py"
PARTS = ("QtCore", "QtGui", "QtWidgets")


def install(monkeypatch: pytest.MonkeyPatch, binding: str) -> None:
    """Have this binding, and no other: importing the wrong one would end an older Krita."""
    for known in ("PyQt5", "PyQt6"):
        there = known == binding
        monkeypatch.setitem(sys.modules, known, ModuleType(known) if there else None)
        for part in PARTS:
            name = f"{known}.{part}"
            monkeypatch.setitem(sys.modules, name, ModuleType(name) if there else None)


def loaded() -> Any:
    """Return `qt.py`, run anew."""
    spec = importlib.util.spec_from_file_location("qt_under_test", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("major", "binding"), [(5, "PyQt5"), (6, "PyQt6")])
def test_a_krita_that_says_which_qt_it_is_made_of_is_believed(
    monkeypatch: pytest.MonkeyPatch, major: int, binding: str
) -> None:
    pykrita: Any = ModuleType("pykrita")
    pykrita.qt_major_version = lambda: major
    monkeypatch.setitem(sys.modules, "pykrita", pykrita)
    install(monkeypatch, binding)
    qt = loaded()
    assert [getattr(qt, part).__name__ for part in PARTS] == [f"{binding}.{p}" for p in PARTS]


@pytest.mark.parametrize("pykrita", [None, ModuleType("pykrita")])
def test_a_krita_that_does_not_say_is_older_and_made_of_qt_5(
    monkeypatch: pytest.MonkeyPatch, pykrita: ModuleType | None
) -> None:
    monkeypatch.setitem(sys.modules, "pykrita", pykrita)
    install(monkeypatch, "PyQt5")
    assert loaded().QtGui.__name__ == "PyQt5.QtGui"
