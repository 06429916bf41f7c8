"""The rarer settings, folded away: each at first says that the model chooses."""

from __future__ import annotations

from .protocol import Extension, Welcome
from .qt import QtCore, QtGui, QtObject, QtWidgets

USUAL = "the model's own"
SIDES = ("left", "top", "right", "bottom")
MAX_SIDE = 4096  # canvas pixels in one step
MAX_SEED = 2**63 - 1


class Options(QtWidgets.QWidget):
    """Negative prompt, seed, steps, guidance, sampler, model, and by how much the canvas grows."""

    changed = QtCore.pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._offered: Welcome | None = None
        rows = QtWidgets.QFormLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        self.negative = QtWidgets.QLineEdit()
        self.negative.setPlaceholderText("What to keep out of the picture")
        rows.addRow("Not", self.negative)
        rows.addRow("Seed", self._seed_row())
        self.steps = _number(QtWidgets.QSpinBox(), 500)
        rows.addRow("Steps", self.steps)
        self.guidance = _number(QtWidgets.QDoubleSpinBox(), 30)
        rows.addRow("Guidance", self.guidance)
        self.sampler, self.model = QtWidgets.QComboBox(), QtWidgets.QComboBox()
        for name, box in (("Sampler", self.sampler), ("Model", self.model)):
            box.addItem(USUAL)
            box.setMinimumContentsLength(8)
            box.setSizeAdjustPolicy(
                QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            rows.addRow(name, box)
        rows.addRow(QtWidgets.QLabel("Expand the canvas, in pixels:"))
        rows.addRow(self._expand_row())

    def offer(self, welcome: Welcome | None) -> None:
        """Let the painter choose from what the bridge has; what was chosen stays if it can."""
        if welcome is None or welcome == self._offered:
            return
        self._offered = welcome
        _fill(self.sampler, welcome.samplers)
        _fill(self.model, [model.name for model in welcome.models])

    @property
    def seed(self) -> int | None:
        """The seed, when it is locked."""
        text = self.seed_field.text()
        return int(text) % (MAX_SEED + 1) if self.lock.isChecked() and text else None

    @property
    def extension(self) -> Extension | None:
        """By how many canvas pixels each side grows; None when none does."""
        sides = {side: self.sides[side].value() for side in SIDES}
        return Extension(**sides) if any(sides.values()) else None

    def tell_seed(self, seed: int) -> None:
        """Show the seed of a painting, so that it can be locked; a locked one stays."""
        if not self.lock.isChecked():
            self.seed_field.setText(str(seed))

    def stop_expanding(self) -> None:
        """Set the sides back: the next click must not expand again."""
        for side in SIDES:
            self.sides[side].setValue(0)

    def _seed_row(self) -> QtObject:
        row = QtWidgets.QHBoxLayout()
        self.seed_field = QtWidgets.QLineEdit()
        self.seed_field.setAccessibleName("Seed")
        digits = QtCore.QRegularExpression("[0-9]{0,19}")
        self.seed_field.setValidator(QtGui.QRegularExpressionValidator(digits))
        self.seed_field.setPlaceholderText("a new one every time")
        self.lock = QtWidgets.QCheckBox("Lock")
        self.lock.setToolTip("Paint with this seed again; the same settings give the same picture")
        row.addWidget(self.seed_field)
        row.addWidget(self.lock)
        return row

    def _expand_row(self) -> QtObject:
        grid = QtWidgets.QGridLayout()
        self.sides = {}
        for index, side in enumerate(SIDES):
            box = QtWidgets.QSpinBox()
            box.setRange(0, MAX_SIDE)
            box.setSingleStep(64)
            box.setPrefix(f"{side} ")
            box.setAccessibleName(f"Expand the canvas to the {side}, in pixels")
            box.valueChanged.connect(lambda _value: self.changed.emit())
            self.sides[side] = box
            grid.addWidget(box, index // 2, index % 2)
        return grid


def value_of(field: QtObject) -> QtObject:
    """Return a number field's value; None while it says that the model chooses."""
    return field.value() or None


def choice_of(box: QtObject) -> str | None:
    """Return what is chosen in a box; None while it says that the model chooses."""
    return box.currentText() if box.currentIndex() > 0 else None


def _number(field: QtObject, largest: int) -> QtObject:
    field.setRange(0, largest)
    field.setSpecialValueText(USUAL)
    return field


def _fill(box: QtObject, names: list[str]) -> None:
    chosen = box.currentText()
    box.clear()
    box.addItems([USUAL, *names])
    box.setCurrentIndex(max(0, box.findText(chosen)))
