"""The list of what was painted in the document: look, use again, show where, export."""

from __future__ import annotations

from .history import Entry
from .language import tr
from .qt import QtCore, QtGui, QtObject, QtWidgets

SIDE = 48  # pixels of a thumbnail


class Records(QtWidgets.QWidget):
    """The document's history; the signals carry the entry that is marked."""

    wanted_again = QtCore.pyqtSignal(object)
    wanted_shown = QtCore.pyqtSignal(object)
    wanted_file = QtCore.pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[Entry] = []
        self.list = QtWidgets.QListWidget()
        self.list.setObjectName("mahlstick_history")
        self.list.setAccessibleName(tr("What was painted in this document"))
        self.list.setIconSize(QtCore.QSize(SIDE, SIDE))
        self.list.setMinimumHeight(3 * (SIDE + 4))
        self.list.currentRowChanged.connect(lambda _row: self._enable())
        self.again = _button(
            tr("Use settings"), tr("Bring prompt, settings and seed of this painting back")
        )
        self.reveal = _button(
            tr("Reveal source"), tr("Select where it was painted, and its layer if it is there")
        )
        self.export = _button(
            tr("Export…"), tr("Save the picture as a PNG that says how it was painted")
        )
        for button, signal in (
            (self.again, self.wanted_again),
            (self.reveal, self.wanted_shown),
            (self.export, self.wanted_file),
        ):
            button.clicked.connect(lambda _checked=False, told=signal: self._tell(told))
        rows = QtWidgets.QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.list)
        buttons = QtWidgets.QHBoxLayout()
        for button in (self.again, self.reveal, self.export):
            buttons.addWidget(button)
        rows.addLayout(buttons)
        self._enable()

    def draw(self, entries: list[Entry]) -> None:
        """Show these, newest first; the marked one stays marked."""
        if entries == self._entries:
            return
        marked = self.marked
        self._entries = entries
        self.list.clear()
        for entry in entries:
            item = QtWidgets.QListWidgetItem(f"{entry.name}\n{tr(entry.label)}")
            image = QtGui.QImage.fromData(entry.picture())
            if not image.isNull():
                item.setIcon(QtGui.QIcon(QtGui.QPixmap.fromImage(image)))
            item.setToolTip(_told_of(entry))
            self.list.addItem(item)
        if marked in entries:
            self.list.setCurrentRow(entries.index(marked))
        self._enable()

    @property
    def marked(self) -> Entry | None:
        """The entry that is marked."""
        row = self.list.currentRow()
        return self._entries[row] if 0 <= row < len(self._entries) else None

    def _tell(self, signal: QtObject) -> None:
        if self.marked is not None:
            signal.emit(self.marked)

    def _enable(self) -> None:
        for button in (self.again, self.reveal, self.export):
            button.setEnabled(self.marked is not None)


def _told_of(entry: Entry) -> str:
    when = QtCore.QDateTime.fromSecsSinceEpoch(int(entry.time))
    said = QtCore.QLocale().toString(when, QtCore.QLocale.FormatType.ShortFormat)
    words = [entry.wish.prompt, f"{tr(entry.label)}, {said}", tr("seed {seed}", seed=entry.seed)]
    for key, name in (("steps", tr("steps")), ("guidance", tr("guidance"))):
        if key in entry.record:
            words.append(f"{name} {entry.record[key]}")
    return "\n".join(word for word in words if word)


def _button(text: str, meaning: str) -> QtObject:
    button = QtWidgets.QPushButton(text)
    button.setToolTip(meaning)
    return button
