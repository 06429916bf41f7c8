"""The field for the prompt; Ctrl+Return in it paints."""

from __future__ import annotations

from .qt import QtCore, QtObject, QtWidgets

LINES = 4


class Prompt(QtWidgets.QPlainTextEdit):
    """A few lines of text; `asked` tells that the painter pressed Ctrl+Return."""

    asked = QtCore.pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("mahlstick_prompt")
        self.setAccessibleName("Prompt")
        self.setPlaceholderText("What to paint; empty removes what is there")
        self.setTabChangesFocus(True)
        self.setMaximumHeight(self.fontMetrics().lineSpacing() * LINES)

    def event(self, event: QtObject) -> bool:
        """Qt's question whether a key is for this field, asked before Krita's own shortcuts."""
        if event.type() == QtCore.QEvent.Type.ShortcutOverride and _asks(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QtObject) -> None:
        """Qt's word that a key was pressed."""
        if _asks(event):
            self.asked.emit()
        else:
            super().keyPressEvent(event)


def _asks(event: QtObject) -> bool:
    keys = (QtCore.Qt.Key.Key_Return, QtCore.Qt.Key.Key_Enter)
    held = event.modifiers() & QtCore.Qt.KeyboardModifier.ControlModifier
    return event.key() in keys and bool(held)
