"""The language that Krita speaks: the painter may have chosen another than his system's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .language import speak
from .qt import QtCore

if TYPE_CHECKING:
    from bridge.wire.language import languages
else:
    from .wire.language import languages


def speak_as_krita() -> None:
    """Let `tr` speak what was chosen in Krita; otherwise the environment's or the system's."""
    chosen, system = QtCore.QLocale().name(), QtCore.QLocale.system().name()
    if chosen != system or not languages():
        speak(chosen)
