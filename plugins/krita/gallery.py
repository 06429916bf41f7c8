"""The candidates of a painting as thumbnails, while they form and afterwards."""

from __future__ import annotations

from .easel import Easel
from .pictures import image_of
from .protocol import Painting
from .qt import QtCore, QtGui, QtObject, QtWidgets

IN_A_ROW = 4
SMALLEST, USUAL, LARGEST = 32, 50, 96  # pixels of a thumbnail's side
GAP = 6


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
        self._fit(USUAL)
        # The same at every width: a panel that scrolls would grow and shrink for ever.
        self.setMinimumHeight(USUAL + self.fontMetrics().lineSpacing() + 3 * GAP)
        self.setMovement(QtWidgets.QListView.Movement.Static)
        self.setResizeMode(QtWidgets.QListView.ResizeMode.Adjust)
        self.currentRowChanged.connect(self._row_changed)

    def sizeHint(self) -> QtObject:
        """Qt's question for the size it would like: one row."""
        return QtCore.QSize(IN_A_ROW * (USUAL + GAP) + 2 * GAP, self.minimumHeight())

    def resizeEvent(self, event: QtObject) -> None:
        """Qt's word that the size is another: a row still holds four."""
        super().resizeEvent(event)
        bar = self.verticalScrollBar().sizeHint().width()  # Qt keeps its room, shown or not
        side = (self.width() - bar - 2 * GAP) // IN_A_ROW - GAP
        self._fit(min(LARGEST, max(SMALLEST, side)))

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

    def _fit(self, side: int) -> None:
        line = self.fontMetrics().lineSpacing()
        self.setIconSize(QtCore.QSize(side, side))
        self.setGridSize(QtCore.QSize(side + GAP, side + line + GAP))

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
        LARGEST,
        LARGEST,
        QtCore.Qt.AspectRatioMode.KeepAspectRatio,
        QtCore.Qt.TransformationMode.SmoothTransformation,
    )
    return QtGui.QIcon(QtGui.QPixmap.fromImage(small))
