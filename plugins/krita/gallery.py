"""The candidates of a painting as thumbnails, while they form and afterwards, best first."""

from __future__ import annotations

from .easel import Easel
from .language import tr
from .pictures import thumbnail
from .protocol import Painting
from .qt import QtCore, QtGui, QtObject, QtWidgets

IN_A_ROW = 4
SMALLEST, USUAL, LARGEST = 32, 56, 96  # pixels of a thumbnail's side
GAP = 6


class Gallery(QtWidgets.QListWidget):
    """One thumbnail a candidate; `chosen` tells which one the painter clicked."""

    chosen = QtCore.pyqtSignal(int)

    def __init__(self) -> None:
        super().__init__()
        self._job = ""
        self._order: list[int] = []  # which candidate each place shows
        self._drawn: dict[int, tuple[int, int]] = {}  # place: the candidate and event it shows
        self.setObjectName("mahlstick_candidates")
        self.setAccessibleName(tr("Candidates"))
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

    def show_candidate(self, candidate: int) -> None:
        """Choose a candidate, as a click on its thumbnail does."""
        self.setCurrentRow(self._order.index(candidate))

    def draw(self, easel: Easel) -> None:
        """Show how the candidates of this painting look now."""
        painting = easel.painting
        bad_end = easel.dropped or painting.state in ("cancelled", "failed")
        if painting.job != self._job or bad_end:
            self._job, self._drawn, self._order = painting.job, {}, []
            self.clear()
        if bad_end:
            return
        self._order = _order_of(painting)
        for place, candidate in enumerate(self._order):
            if self.count() <= place:
                self.addItem(QtWidgets.QListWidgetItem())
            self._draw_candidate(painting, place, candidate)
        if easel.shown in self._order:
            self._mark(self._order.index(easel.shown))

    def _fit(self, side: int) -> None:
        line = self.fontMetrics().lineSpacing()
        self.setIconSize(QtCore.QSize(side, side))
        self.setGridSize(QtCore.QSize(side + GAP, side + line + GAP))

    def _draw_candidate(self, painting: Painting, place: int, candidate: int) -> None:
        # A preview shows the surroundings too, and is small: results can be as large as the canvas.
        newest = painting.previews.get(candidate) or painting.results.get(candidate)
        item = self.item(place)
        item.setText(str(candidate + 1))
        item.setToolTip(_told_of(painting, place, candidate))
        item.setData(QtCore.Qt.ItemDataRole.AccessibleTextRole, item.toolTip())
        if newest is not None and self._drawn.get(place) != (candidate, newest.seq):
            self._drawn[place] = (candidate, newest.seq)
            small = thumbnail(newest.picture, LARGEST)
            item.setIcon(QtGui.QIcon(QtGui.QPixmap.fromImage(small)))

    def _mark(self, place: int) -> None:
        if self.currentRow() != place:
            self.blockSignals(True)
            self.setCurrentRow(place)
            self.blockSignals(False)

    def _row_changed(self, row: int) -> None:
        if 0 <= row < len(self._order):
            self.chosen.emit(self._order[row])


def _order_of(painting: Painting) -> list[int]:
    everything = range(painting.candidates)
    if painting.state != "finished":
        return list(everything)
    ranked = [painted.candidate for painted in painting.best]
    return ranked + [index for index in everything if index not in ranked]


def _told_of(painting: Painting, place: int, candidate: int) -> str:
    result = painting.results.get(candidate)
    if result is None:
        return tr("Candidate {number}, forming", number=candidate + 1)
    words = [tr("Candidate {number}, seed {seed}", number=candidate + 1, seed=result.seed)]
    if painting.state == "finished" and len(painting.results) > 1:
        words.append(tr("rank {rank} of {count}", rank=place + 1, count=len(painting.results)))
    if result.score is not None:
        words.append(tr("score {score}", score=f"{result.score:.2f}"))
    return ", ".join(words)
