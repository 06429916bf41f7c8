"""A button beside the list of models: which others could be got, and how."""

from __future__ import annotations

from .language import tr
from .protocol import Welcome, more_models
from .qt import QtCore, QtObject, QtWidgets


class MoreModels(QtWidgets.QToolButton):
    """Tells, when it is clicked, what the bridge could get."""

    def __init__(self) -> None:
        super().__init__()
        self._said = ""
        self.setText("…")
        self.setToolTip(tr("Get more models"))
        self.setAccessibleName(tr("Get more models"))
        self.setEnabled(False)  # until a bridge has said what there is
        self.clicked.connect(lambda: self.box().exec())

    def offer(self, welcome: Welcome) -> None:
        """Know what could be got from now on."""
        self._said = more_models(welcome.obtainable)
        self.setEnabled(True)

    def box(self) -> QtObject:
        """Return the box that says it; its text can be selected, to copy the command."""
        box = QtWidgets.QMessageBox(self)
        box.setWindowTitle(tr("Get more models"))
        box.setText(self._said)
        box.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        return box
