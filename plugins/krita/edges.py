"""Fields for how a selection becomes masks: each a length in pixels or percent of the selection."""

from __future__ import annotations

from .language import noted, tr
from .measures import Edge, Measure
from .qt import QtCore, QtObject, QtWidgets

NARROWEST = 36  # pixels of a field; what is longer is cut at its end
USUAL = noted("usual")
LENGTHS = {
    "grow": (noted("Grow"), noted("By how much more than the selection the model may repaint")),
    "feather": (noted("Feather"), noted("How softly the model's freedom ends there")),
    "context": (noted("Context"), noted("How much around the selection the model sees")),
    "soft": (noted("Soft edge"), noted("By how much paint may leave the selection, fading")),
}


class EdgeFields(QtWidgets.QWidget):
    """Grow, feather, context and soft edge; at first the bridge chooses."""

    changed = QtCore.pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        rows = QtWidgets.QFormLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        self.lengths = {}
        for name, (title, meaning) in LENGTHS.items():
            self.lengths[name] = _Length(tr(title), tr(meaning), zero_is_none=name == "soft")
            self.lengths[name].changed.connect(self.changed.emit)
            rows.addRow(tr(title), self.lengths[name])

    def edge(self) -> Edge:
        """Return what the fields say."""
        return Edge(**{name: field.measure() for name, field in self.lengths.items()})

    def use(self, edge: Edge) -> None:
        """Show these lengths."""
        for name, field in self.lengths.items():
            field.use(getattr(edge, name))


class _Length(QtWidgets.QWidget):
    changed = QtCore.pyqtSignal()

    def __init__(self, title: str, meaning: str, *, zero_is_none: bool) -> None:
        super().__init__()
        self.number = QtWidgets.QSpinBox()
        self.number.setRange(0 if zero_is_none else -1, 4096)
        self.number.setSpecialValueText(tr("none") if zero_is_none else tr(USUAL))
        self.number.setValue(self.number.minimum())
        self.number.setAccessibleName(title)
        self.number.setToolTip(meaning)
        self.number.valueChanged.connect(lambda _value: self.changed.emit())
        self.unit = QtWidgets.QComboBox()
        self.unit.addItems(["px", "%"])
        self.unit.setAccessibleName(tr("Unit of {title}", title=title))
        self.unit.setToolTip(tr("Canvas pixels, or percent of the selection's size"))
        self.unit.currentIndexChanged.connect(lambda _index: self.changed.emit())
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.number, 1)
        row.addWidget(self.unit)

    def measure(self) -> Measure | None:
        if self.number.value() == self.number.minimum():
            return None
        return Measure(self.number.value(), "%" if self.unit.currentIndex() else "px")

    def use(self, measure: Measure | None) -> None:
        self.unit.setCurrentIndex(1 if measure is not None and measure.unit == "%" else 0)
        self.number.setValue(self.number.minimum() if measure is None else measure.value)


def let_shrink(parent: QtObject) -> None:
    """Let all number and choice fields become as narrow as the panel wants."""
    for kind in (QtWidgets.QAbstractSpinBox, QtWidgets.QComboBox, QtWidgets.QLineEdit):
        for field in parent.findChildren(kind):
            field.setMinimumWidth(NARROWEST)


def row_of(*fields: QtObject) -> QtObject:
    """Return a row that holds these fields."""
    row = QtWidgets.QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    for field in fields:
        row.addWidget(field)
    return row
