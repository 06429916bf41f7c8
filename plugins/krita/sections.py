"""Parts of the panel that are folded away until they are wanted."""

from __future__ import annotations

from .qt import QtCore, QtObject, QtWidgets


class Section(QtWidgets.QWidget):
    """A heading that unfolds what is below it; `unfolded` tells that it was."""

    unfolded = QtCore.pyqtSignal(bool)

    def __init__(self, name: str, title: str, body: QtObject) -> None:
        super().__init__()
        self.body = body
        self.heading = QtWidgets.QToolButton()
        self.heading.setObjectName(f"mahlstick_{name}_section")
        self.heading.setText(title)
        self.heading.setCheckable(True)
        self.heading.setArrowType(QtCore.Qt.ArrowType.RightArrow)
        self.heading.setToolButtonStyle(QtCore.Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.heading.setAutoRaise(True)
        self.heading.toggled.connect(self._unfold)
        rows = QtWidgets.QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        rows.addWidget(self.heading)
        rows.addWidget(body)
        body.hide()

    def setChecked(self, unfolded: bool) -> None:
        """Fold or unfold it."""
        self.heading.setChecked(unfolded)

    def isChecked(self) -> bool:
        """Whether it is unfolded."""
        return self.heading.isChecked()

    def _unfold(self, unfolded: bool) -> None:
        arrows = QtCore.Qt.ArrowType
        self.heading.setArrowType(arrows.DownArrow if unfolded else arrows.RightArrow)
        self.body.setVisible(unfolded)
        self.unfolded.emit(unfolded)


class Scrolling(QtWidgets.QScrollArea):
    """The panel's body; on a low screen it scrolls up and down, and is never cut at the side."""

    def __init__(self, body: QtObject, lines: int) -> None:
        """`lines` of text is how high it is at least."""
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(lines * self.fontMetrics().lineSpacing())
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.setWidget(body)
        body.installEventFilter(self)
        self._fit()

    def eventFilter(self, watched: QtObject, event: QtObject) -> bool:
        """Qt's word that something happens to the body: it may have become wider."""
        if event.type() == QtCore.QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        bar = self.verticalScrollBar().sizeHint().width()
        wanted = self.widget().minimumSizeHint().width() + bar
        if self.minimumWidth() != wanted:
            self.setMinimumWidth(wanted)
