"""The field for the prompt, where keys paint, give words weight and bring earlier ones back."""

from __future__ import annotations

from collections.abc import Collection

from .language import tr
from .prompts import PromptHistory, places, weighted
from .qt import QtCore, QtGui, QtObject, QtWidgets

LINES = 4
UNKNOWN = (220, 80, 60)  # RGB of the line below a word; readable on light and dark


class Prompt(QtWidgets.QPlainTextEdit):
    """A few lines of text; `asked` tells that the painter pressed Ctrl+Return."""

    asked = QtCore.pyqtSignal()

    def __init__(self, history: PromptHistory) -> None:
        super().__init__()
        self._history = history
        self._underline = _Underline(self.document())
        self.setObjectName("mahlstick_prompt")
        self.setAccessibleName(tr("Prompt"))
        self.setPlaceholderText(tr("What to paint; empty removes what is there"))
        self.setToolTip(
            tr(
                "Ctrl+Return paints. Ctrl+Up and Down give a word more or less weight, Alt+Up and"
                " Down bring earlier prompts back. {choice} paints one of several.",
                choice="{red|green|blue}",
            )
        )
        self.setTabChangesFocus(True)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * LINES)

    def mark_unknown(self, words: Collection[str]) -> None:
        """Underline the words that a model said it does not know."""
        self._underline.mark(frozenset(words))

    def event(self, event: QtObject) -> bool:
        """Qt's question whether a key is for this field, asked before Krita's own shortcuts."""
        if event.type() == QtCore.QEvent.Type.ShortcutOverride and _meaning(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QtObject) -> None:
        """Qt's word that a key was pressed."""
        meaning = _meaning(event)
        if meaning == "paint":
            self.asked.emit()
        elif meaning in ("heavier", "lighter"):
            self._weigh(meaning == "heavier")
        elif meaning in ("earlier", "later"):
            text = self._history.step(self.toPlainText(), meaning == "earlier")
            self._put(text, len(text), len(text))
        else:
            super().keyPressEvent(event)

    def _weigh(self, up: bool) -> None:
        cursor = self.textCursor()
        text = self.toPlainText()
        self._put(*weighted(text, cursor.selectionStart(), cursor.selectionEnd(), up))

    def _put(self, text: str, start: int, end: int) -> None:
        cursor = self.textCursor()
        cursor.select(QtGui.QTextCursor.SelectionType.Document)
        cursor.insertText(text)  # unlike setPlainText it can be undone
        cursor.setPosition(start)
        cursor.setPosition(end, QtGui.QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)


class _Underline(QtGui.QSyntaxHighlighter):
    def __init__(self, document: QtObject) -> None:
        super().__init__(document)
        self._words: frozenset[str] = frozenset()

    def mark(self, words: frozenset[str]) -> None:
        if words != self._words:
            self._words = words
            self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        style = QtGui.QTextCharFormat()
        style.setUnderlineStyle(QtGui.QTextCharFormat.UnderlineStyle.WaveUnderline)
        style.setUnderlineColor(QtGui.QColor(*UNKNOWN))
        style.setToolTip(tr("The model does not know this word"))
        for start, length in places(text, self._words):
            self.setFormat(start, length, style)


def _meaning(event: QtObject) -> str:
    held, key, keys = event.modifiers(), event.key(), QtCore.Qt.Key
    if held & QtCore.Qt.KeyboardModifier.ControlModifier:
        meanings = {
            keys.Key_Return: "paint",
            keys.Key_Enter: "paint",
            keys.Key_Up: "heavier",
            keys.Key_Down: "lighter",
        }
    elif held & QtCore.Qt.KeyboardModifier.AltModifier:
        meanings = {keys.Key_Up: "earlier", keys.Key_Down: "later"}
    else:
        return ""
    return meanings.get(key, "")
