"""The panel's buttons and the numbers that are changed often."""

from __future__ import annotations

from .edges import row_of
from .language import tr
from .qt import QtCore, QtGui, QtObject, QtWidgets
from .styles import Styles
from .wishes import CHOICES


class Controls(QtWidgets.QWidget):
    """Style, numbers, the big button with its menu, progress, Cancel, Keep this, switches."""

    changed = QtCore.pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.choice = ""  # of the menu: the name of an intent; empty = what fits
        policy = QtWidgets.QSizePolicy.Policy
        # No gap where the progress was; and a longer sentence below must not squeeze the buttons:
        # they would jump under the pen (by 11 pixels in Krita 6, where a click missed Cancel).
        self.setSizePolicy(policy.Preferred, policy.Fixed)
        rows = QtWidgets.QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        self.styles = Styles()
        rows.addWidget(self.styles)
        rows.addLayout(self._numbers())
        rows.addLayout(self._main_row())
        self.bar = QtWidgets.QProgressBar()
        self.bar.setRange(0, 1000)
        # Always there, and thin: buttons that move away under the pen are a nuisance.
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(self.bar.fontMetrics().lineSpacing() // 2)
        self.bar.setAccessibleName(tr("How much of the painting is done"))
        rows.addWidget(self.bar)
        self.cancel = _button("cancel", tr("Cancel"), tr("Stop, and leave the picture as it was"))
        self.keep = _button("keep", tr("Keep this"), tr("Stop, and keep what is shown now"))
        rows.addLayout(row_of(self.cancel, self.keep))
        self.live = _switch(
            "live", tr("Live"), tr("Repaint whenever your hand rests; the document stays as it is")
        )
        self.masks = _switch(
            "masks", tr("Masks"), tr("Show where paint would go, before anything is painted")
        )
        rows.addLayout(row_of(self.live, self.masks))
        self.vary = _button("vary", tr("Vary"), tr("Paint variations of this candidate"))
        self.upscale = _button(
            "upscale", tr("Upscale"), tr("Paint this candidate larger, in a new document")
        )
        self.undo = _button(
            "undo", tr("Undo"), tr("Take this painting back, the canvas it expanded included")
        )
        self.candidate_row = row_of(self.vary, self.upscale, self.undo)
        self.offer_candidate(False)

    def choose(self, choice: str) -> None:
        """Have the button do this, whatever fits; empty = what fits."""
        self.choice = choice if choice in CHOICES else ""
        for name, action in self._choices.items():
            action.setChecked(name == self.choice)
        self.changed.emit()

    def offer_candidate(self, there: bool) -> None:
        """Show what can be done with the candidate on the canvas, when there is one."""
        for button in (self.vary, self.upscale, self.undo):
            button.setVisible(there)

    def show_toggles(self, live: bool, masks: bool) -> None:
        """Show which of the two switches are on."""
        for switch, on in ((self.live, live), (self.masks, masks)):
            if switch.isChecked() != on:
                switch.blockSignals(True)
                switch.setChecked(on)
                switch.blockSignals(False)
                _light(switch, on)

    def _numbers(self) -> QtObject:
        self.candidates = QtWidgets.QSpinBox()
        self.candidates.setRange(1, 8)
        self.candidates.setValue(4)
        self.candidates.setToolTip(tr("How many pictures to choose from"))
        self.strength = QtWidgets.QSpinBox()
        self.strength.setRange(1, 100)
        self.strength.setValue(100)
        self.strength.setSuffix(" %")
        self.strength.setToolTip(tr("Below 100 % the picture that is there is refined"))
        self.strength.valueChanged.connect(lambda _value: self.changed.emit())
        return row_of(
            _label(tr("Candidates"), self.candidates),
            self.candidates,
            _label(tr("Strength"), self.strength),
            self.strength,
        )

    def _main_row(self) -> QtObject:
        self.button = QtWidgets.QPushButton()
        self.button.setObjectName("mahlstick_paint_button")
        self.button.setToolTip(tr("Does what it says, with the prompt above"))
        height = 2 * self.button.fontMetrics().lineSpacing()
        self.button.setMinimumHeight(height)
        expanding = QtWidgets.QSizePolicy.Policy.Expanding
        self.button.setSizePolicy(expanding, QtWidgets.QSizePolicy.Policy.Fixed)
        self.menu = QtWidgets.QMenu(self)
        self._choices = {}
        for name, text in (("", tr("What fits")), *((n, tr(i.label)) for n, i in CHOICES.items())):
            action = self.menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(name == "")
            action.triggered.connect(lambda _checked=False, chosen=name: self.choose(chosen))
            self._choices[name] = action
        more = QtWidgets.QToolButton()
        more.setObjectName("mahlstick_choice_button")
        more.setAccessibleName(tr("Choose what the button does"))
        more.setToolTip(tr("Choose what the button does"))
        more.setArrowType(QtCore.Qt.ArrowType.DownArrow)
        more.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
        more.setMinimumHeight(height)
        more.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        more.setMenu(self.menu)
        return row_of(self.button, more)


def _button(name: str, text: str, meaning: str) -> QtObject:
    button = QtWidgets.QPushButton(text)
    button.setObjectName(f"mahlstick_{name}_button")
    button.setToolTip(meaning)
    button.setAccessibleDescription(meaning)
    return button


def _switch(name: str, text: str, meaning: str) -> QtObject:
    button = _button(name, text, meaning)
    button.setCheckable(True)
    button.toggled.connect(lambda on: _light(button, on))
    return button


def _light(button: QtObject, on: bool) -> None:
    # Krita's themes draw a button that is down only slightly darker.
    roles, palette = QtGui.QPalette.ColorRole, button.parentWidget().palette()
    if on:
        palette.setColor(roles.Button, palette.color(roles.Highlight))
        palette.setColor(roles.ButtonText, palette.color(roles.HighlightedText))
    button.setPalette(palette)


def _label(text: str, field: QtObject) -> QtObject:
    label = QtWidgets.QLabel(text)
    label.setBuddy(field)  # screen readers name the field by it
    return label
