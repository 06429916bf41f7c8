"""The candidates of a painting as thumbnails, while they form and afterwards."""

from __future__ import annotations

from .easel import Easel
from .pictures import image_of
from .protocol import Painting
from .qt import QtCore, QtGui, QtObject, QtWidgets

SIDE = 50  # pixels; four stand in a row of a panel as narrow as Krita makes it


class Gallery(QtWidgets.QListWidget):
    """One thumbnail a candidate; `chosen` tells which one the painter clicked."""

    chosen = QtCore.pyqtSignal(int)

    def __init__(self) -> None:
        super().__init__()
        self._job = ""
        self._drawn: dict[int, int] = {}  # candidate: the event its thumbnail shows
        self.setObjectName("mahlstick_candidates")
        self.setAccessibleName("Candidates")
        self.setViewMode(QtWidgets.QListView.ViewMode.IconMode)
        self.setIconSize(QtCore.QSize(SIDE, SIDE))
        line = self.fontMetrics().lineSpacing()
        self.setGridSize(QtCore.QSize(SIDE + 6, SIDE + line + 6))
        self.setMinimumHeight(SIDE + line + 16)
        self.setMovement(QtWidgets.QListView.Movement.Static)
        self.setResizeMode(QtWidgets.QListView.ResizeMode.Adjust)
        self.currentRowChanged.connect(self._row_changed)

    def sizeHint(self) -> QtObject:
        """Qt's word for the size it would like: one row of four."""
        return QtCore.QSize(4 * self.gridSize().width() + 8, self.minimumHeight())

    def draw(self, easel: Easel) -> None:
        """Show how the candidates of this painting look now."""
        painting = easel.painting
        bad_end = easel.dropped or painting.state in ("cancelled", "failed")
        if painting.job != self._job or bad_end:
            self._job, self._drawn = painting.job, {}
            self.clear()
        if bad_end:
            return
        for index in range(painting.candidates):
            if self.count() <= index:
                self.addItem(QtWidgets.QListWidgetItem(str(index + 1)))
            self._draw_candidate(painting, index)
        self._mark(easel.shown)

    def _draw_candidate(self, painting: Painting, index: int) -> None:
        # A preview shows the surroundings too, and is small: results can be as large as the canvas.
        newest = painting.previews.get(index) or painting.results.get(index)
        result = painting.results.get(index)
        if result is not None:
            score = "" if result.score is None else f", score {result.score:.2f}"
            self.item(index).setToolTip(f"Seed {result.seed}{score}")
        if newest is not None and self._drawn.get(index) != newest.seq:
            self._drawn[index] = newest.seq
            self.item(index).setIcon(_icon(image_of(newest.picture)))

    def _mark(self, candidate: int) -> None:
        if self.currentRow() != candidate:
            self.blockSignals(True)
            self.setCurrentRow(candidate)
            self.blockSignals(False)

    def _row_changed(self, row: int) -> None:
        if row >= 0:
            self.chosen.emit(row)


def _icon(image: QtObject) -> QtObject:
    small = image.scaled(
        SIDE,
        SIDE,
        QtCore.Qt.AspectRatioMode.KeepAspectRatio,
        QtCore.Qt.TransformationMode.SmoothTransformation,
    )
    return QtGui.QIcon(QtGui.QPixmap.fromImage(small))
