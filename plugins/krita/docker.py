"""The panel: a prompt, one button that says what it will do, what forms, how to stop or keep it."""

from __future__ import annotations

import functools

from .gallery import Gallery
from .host import KritaObject, krita
from .options import Options, choice_of, value_of
from .prompt import Prompt
from .qt import QtCore, QtObject, QtWidgets
from .studio import Studio
from .wishes import Wish
from .words import sentence

ID = "mahlstick_docker"
TITLE = "Mahlstick"
LINES = 20  # of text; so high is the panel while the rarer settings are folded away


class PaintDocker(krita.DockWidget):
    """Mahlstick's panel; one in every window, all on the same studio."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self.setWindowTitle(TITLE)
        self.setWidget(self._built())
        studio.changed.append(self.refresh)
        self.destroyed.connect(functools.partial(studio.changed.remove, self.refresh))
        self.refresh()

    def canvasChanged(self, _canvas: KritaObject) -> None:
        """Krita's word that another picture came to the front."""
        self._studio.look()

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
            negative_prompt=self.options.negative.text().strip(),
            seed=self.options.seed,
            steps=value_of(self.options.steps),
            guidance=value_of(self.options.guidance),
            sampler=choice_of(self.options.sampler),
            model=choice_of(self.options.model),
            extension=self.options.extension,
        )

    def paint_now(self) -> None:
        """Do what the button says."""
        if self._studio.paint(self.wish()):
            self.options.stop_expanding()

    def cancel_now(self) -> None:
        """Stop, and leave the picture as it was."""
        self._studio.cancel()

    def keep_now(self) -> None:
        """Stop, and keep what the canvas shows."""
        self._studio.keep()

    def undo_now(self) -> None:
        """Undo the newest painting as a whole."""
        self._studio.take_back()

    def refresh(self) -> None:
        """Show how things stand."""
        easel = self._studio.current
        busy = easel is not None and not easel.over
        self.button.setText(self._studio.intent(self.wish()).label)
        self.button.setEnabled(not busy)
        self.cancel.setEnabled(busy)
        self.keep.setEnabled(easel is not None and busy and bool(easel.painting.previews))
        self.bar.setVisible(busy)
        self.status.setText(self._studio.message or sentence(easel))
        self.options.offer(self._studio.welcome)
        if easel is not None:
            self.bar.setValue(round(1000 * easel.painting.progress))
            self.gallery.draw(easel)
            if easel.painting.seed is not None:
                self.options.tell_seed(easel.painting.seed)

    def _built(self) -> QtObject:
        body = QtWidgets.QWidget()
        rows = QtWidgets.QVBoxLayout(body)
        rows.setContentsMargins(4, 4, 4, 4)
        self.prompt = Prompt()
        self.prompt.asked.connect(self.paint_now)
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
        self.status = QtWidgets.QLabel()
        self.status.setWordWrap(True)
        self.status.setObjectName("mahlstick_status")
        rows.addWidget(self.status)
        self.gallery = Gallery()
        self.gallery.chosen.connect(self._studio.select)
        rows.addWidget(self.gallery, 1)
        self._add_options(rows)  # last: unfolding them must not push the buttons away
        return _scrolling(body)

    def _add_options(self, rows: QtObject) -> None:
        self.more = QtWidgets.QToolButton()
        self.more.setText("More")
        self.more.setCheckable(True)
        self.more.setArrowType(QtCore.Qt.ArrowType.RightArrow)
        self.more.setToolButtonStyle(QtCore.Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setAutoRaise(True)
        self.options = Options()
        self.options.hide()
        self.options.changed.connect(self.refresh)
        self.more.toggled.connect(self._unfold)
        rows.addWidget(self.more)
        rows.addWidget(self.options)

    def _unfold(self, unfolded: bool) -> None:
        arrows = QtCore.Qt.ArrowType
        self.more.setArrowType(arrows.DownArrow if unfolded else arrows.RightArrow)
        self.options.setVisible(unfolded)

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


def _scrolling(body: QtObject) -> QtObject:
    # Otherwise a low screen would hide the lower half when the settings are unfolded.
    area = QtWidgets.QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setMinimumHeight(LINES * area.fontMetrics().lineSpacing())
    area.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
    area.setWidget(body)
    return area


def _label(text: str, field: QtObject) -> QtObject:
    label = QtWidgets.QLabel(text)
    label.setBuddy(field)  # screen readers name the field by it
    return label
