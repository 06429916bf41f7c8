"""The row that starts the bridge, in sight while there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .language import tr
from .qt import QtCore, QtWidgets

if TYPE_CHECKING:
    from bridge.wire.starting import Starter
else:
    from .wire.starting import Starter

LOOK_MS = 250
PATIENCE_MS = 1500  # a bridge that runs is found by then; earlier the row would only flicker


class StartRow(QtWidgets.QWidget):
    """A button, and how the start goes. `refresh` tells it whether a bridge is connected."""

    def __init__(self, starter: Starter | None = None) -> None:
        super().__init__()
        self._starter = starter or Starter()
        self._online = True  # as long as nobody knows better
        self._looks = QtCore.QTimer(self)
        self._looks.setInterval(LOOK_MS)
        self._looks.timeout.connect(self._look)
        self._offline = QtCore.QTimer(self)
        self._offline.setInterval(PATIENCE_MS)
        self._offline.setSingleShot(True)
        self._offline.timeout.connect(self.show)
        self.button = QtWidgets.QPushButton(tr("Start Mahlstick"))
        self.button.setObjectName("mahlstick_start_button")
        self.button.setToolTip(tr("Start the program that paints; it stays when Krita is closed"))
        self.button.clicked.connect(self._start)
        self.note = QtWidgets.QLabel()
        self.note.setObjectName("mahlstick_start_note")
        self.note.setWordWrap(True)
        self.note.hide()
        rows = QtWidgets.QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.button)
        rows.addWidget(self.note)
        self.hide()

    def refresh(self, online: bool) -> None:
        """Be in sight while no bridge is connected."""
        if online == self._online:
            return
        self._online = online
        if online:
            self._offline.stop()
            self._looks.stop()
            self.note.hide()
            self.hide()
        else:
            self.button.setEnabled(True)
            self._offline.start()

    def _start(self) -> None:
        self._starter.start()
        self._looks.start()
        self._look()

    def _look(self) -> None:
        progress = self._starter.look()
        starting = progress.state == "starting"
        self.button.setEnabled(not starting)
        if not starting:
            self._looks.stop()
        self.note.setText(progress.message)
        self.note.setVisible(bool(progress.message))
