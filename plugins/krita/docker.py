"""The panel: a prompt, one button that says what it will do, what forms, how to stop or keep it."""

from __future__ import annotations

import functools

from .easel import Easel
from .host import KritaObject, krita
from .pictures import image_of
from .protocol import Painting
from .qt import QtCore, QtGui, QtObject, QtWidgets
from .studio import Studio
from .wishes import Wish

ID = "mahlstick_docker"
TITLE = "Mahlstick"
THUMBNAIL = 50  # pixels; four stand in a row of a panel as narrow as Krita makes it


class PaintDocker(krita.DockWidget):
    """Mahlstick's panel; one in every window, all on the same studio."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._job = ""  # whose thumbnails are drawn
        self._drawn: dict[int, int] = {}  # candidate: the event its thumbnail shows
        self.setWindowTitle(TITLE)
        self.setWidget(self._built())
        studio.changed.append(self.refresh)
        self.destroyed.connect(functools.partial(studio.changed.remove, self.refresh))
        self.refresh()

    def canvasChanged(self, _canvas: KritaObject) -> None:
        """Krita's word that another picture came to the front."""
        self.refresh()

    @property
    def online(self) -> bool:
        """Whether the bridge is connected."""
        return self._studio.online

    @property
    def busy(self) -> bool:
        """Whether something is being painted."""
        return self._studio.busy

    def wish(self) -> Wish:
        """Return what the fields say."""
        return Wish(
            prompt=self.prompt.toPlainText().strip(),
            candidates=self.candidates.value(),
            strength=self.strength.value() / 100,
        )

    def paint_now(self) -> None:
        """Do what the button says."""
        self._studio.paint(self.wish())

    def cancel_now(self) -> None:
        """Stop, and leave the picture as it was."""
        self._studio.cancel()

    def keep_now(self) -> None:
        """Stop, and keep what the canvas shows."""
        self._studio.keep()

    def refresh(self) -> None:
        """Show how things stand."""
        easel = self._studio.current
        busy = easel is not None and not easel.over
        self.button.setText(self._studio.intent(self.wish()).label)
        self.button.setEnabled(not busy)
        self.cancel.setEnabled(busy)
        self.keep.setEnabled(easel is not None and busy and bool(easel.painting.previews))
        self.bar.setVisible(busy)
        self.status.setText(self._studio.message or _sentence(easel))
        if easel is not None:
            self.bar.setValue(round(1000 * easel.painting.progress))
            self._draw(easel)

    def _draw(self, easel: Easel) -> None:
        painting = easel.painting
        if painting.job != self._job:
            self._job, self._drawn = painting.job, {}
            self.gallery.clear()
        if easel.dropped or painting.state in ("cancelled", "failed"):
            self.gallery.clear()
            return
        for index in range(painting.candidates):
            if self.gallery.count() <= index:
                self.gallery.addItem(QtWidgets.QListWidgetItem(str(index + 1)))
            self._draw_candidate(painting, index)
        self._mark(easel.shown)

    def _draw_candidate(self, painting: Painting, index: int) -> None:
        newest = painting.results.get(index) or painting.previews.get(index)
        if newest is None or self._drawn.get(index) == newest.seq:
            return
        self._drawn[index] = newest.seq
        item = self.gallery.item(index)
        item.setIcon(_icon(image_of(newest.picture)))
        result = painting.results.get(index)
        if result is not None:
            score = "" if result.score is None else f", score {result.score:.2f}"
            item.setToolTip(f"Seed {result.seed}{score}")

    def _mark(self, candidate: int) -> None:
        if self.gallery.currentRow() != candidate:
            self.gallery.blockSignals(True)
            self.gallery.setCurrentRow(candidate)
            self.gallery.blockSignals(False)

    def _built(self) -> QtObject:
        body = QtWidgets.QWidget()
        rows = QtWidgets.QVBoxLayout(body)
        self.prompt = _prompt()
        rows.addWidget(self.prompt)
        rows.addLayout(self._numbers())
        self.button = QtWidgets.QPushButton()
        self.button.setObjectName("mahlstick_paint_button")
        self.button.setMinimumHeight(2 * self.button.fontMetrics().lineSpacing())
        self.button.clicked.connect(self.paint_now)
        rows.addWidget(self.button)
        self.bar = QtWidgets.QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName("How much of the painting is done")
        rows.addWidget(self.bar)
        rows.addLayout(self._stops())
        self.gallery = self._gallery()
        rows.addWidget(self.gallery, 1)
        self.status = QtWidgets.QLabel()
        self.status.setWordWrap(True)
        self.status.setObjectName("mahlstick_status")
        rows.addWidget(self.status)
        return body

    def _numbers(self) -> QtObject:
        row = QtWidgets.QHBoxLayout()
        self.candidates = QtWidgets.QSpinBox()
        self.candidates.setRange(1, 8)
        self.candidates.setValue(4)
        self.candidates.setToolTip("How many pictures to choose from")
        row.addWidget(_label("Candidates", self.candidates))
        row.addWidget(self.candidates)
        self.strength = QtWidgets.QSpinBox()
        self.strength.setRange(1, 100)
        self.strength.setValue(100)
        self.strength.setSuffix(" %")
        self.strength.setToolTip("Below 100 % the picture that is there is refined")
        self.strength.valueChanged.connect(lambda _value: self.refresh())
        row.addWidget(_label("Strength", self.strength))
        row.addWidget(self.strength)
        return row

    def _stops(self) -> QtObject:
        row = QtWidgets.QHBoxLayout()
        self.cancel = QtWidgets.QPushButton("Cancel")
        self.cancel.setObjectName("mahlstick_cancel_button")
        self.cancel.setToolTip("Stop, and leave the picture as it was")
        self.cancel.clicked.connect(self.cancel_now)
        row.addWidget(self.cancel)
        self.keep = QtWidgets.QPushButton("Keep this")
        self.keep.setObjectName("mahlstick_keep_button")
        self.keep.setToolTip("Stop, and keep what the canvas shows now")
        self.keep.clicked.connect(self.keep_now)
        row.addWidget(self.keep)
        return row

    def _gallery(self) -> QtObject:
        gallery = QtWidgets.QListWidget()
        gallery.setObjectName("mahlstick_candidates")
        gallery.setAccessibleName("Candidates")
        gallery.setViewMode(QtWidgets.QListView.ViewMode.IconMode)
        gallery.setIconSize(QtCore.QSize(THUMBNAIL, THUMBNAIL))
        line = gallery.fontMetrics().lineSpacing()
        gallery.setGridSize(QtCore.QSize(THUMBNAIL + 6, THUMBNAIL + line + 6))
        gallery.setMovement(QtWidgets.QListView.Movement.Static)
        gallery.setResizeMode(QtWidgets.QListView.ResizeMode.Adjust)
        gallery.currentRowChanged.connect(self._studio.select)
        return gallery


def _prompt() -> QtObject:
    field = QtWidgets.QPlainTextEdit()
    field.setObjectName("mahlstick_prompt")
    field.setAccessibleName("Prompt")
    field.setPlaceholderText("What to paint; empty removes what is there")
    field.setTabChangesFocus(True)
    field.setMaximumHeight(field.fontMetrics().lineSpacing() * 4)
    return field


def _label(text: str, field: QtObject) -> QtObject:
    label = QtWidgets.QLabel(text)
    label.setBuddy(field)  # screen readers name the field by it
    return label


def _icon(image: QtObject) -> QtObject:
    small = image.scaled(
        THUMBNAIL,
        THUMBNAIL,
        QtCore.Qt.AspectRatioMode.KeepAspectRatio,
        QtCore.Qt.TransformationMode.SmoothTransformation,
    )
    return QtGui.QIcon(QtGui.QPixmap.fromImage(small))


def _sentence(easel: Easel | None) -> str:
    if easel is None:
        return ""
    painting = easel.painting
    if easel.dropped or painting.state == "cancelled":
        return "Cancelled; the picture is as it was."
    if painting.state == "failed":
        tried = f" Try: {', '.join(painting.suggestions)}." if painting.suggestions else ""
        return painting.message + tried
    if painting.state == "queued" and painting.position:
        return f"Waiting; {painting.position} before this."
    if painting.state == "loading":
        return f"Reading the model {painting.model}."
    return "\n".join([_STATES[painting.state], *_remarks(painting)])


_STATES = {
    "sending": "Sending the picture.",
    "queued": "Next.",
    "painting": "Painting.",
    "finished": "Done. Click a candidate to see it on the canvas.",
}


def _remarks(painting: Painting) -> list[str]:
    layout = painting.layout
    if layout is None:
        return []
    words = ", ".join(layout.unknown_words)
    return [*layout.notes, *([f"The model does not know: {words}."] if words else [])]
