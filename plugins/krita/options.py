"""The rarer settings, folded away: each at first says that the model chooses."""

from __future__ import annotations

from dataclasses import replace

from .edges import EdgeFields, let_shrink, row_of
from .language import noted, tr
from .more_models import MoreModels
from .protocol import Extension, Welcome
from .qt import QtCore, QtGui, QtObject, QtWidgets
from .wishes import Wish

USUAL = noted("the model's own")
SIDES = ("left", "top", "right", "bottom")
SIDE_NAMES = (noted("left"), noted("top"), noted("right"), noted("bottom"))
MAX_SIDE = 4096  # canvas pixels in one step
MAX_SEED = 2**63 - 1
SOURCES = {
    "merged": noted("All layers, merged"),
    "layer": noted("The active layer or group"),
}
TARGETS = {
    "layer": noted("On a new layer"),
    "replace": noted("In place of the active layer"),
    "group": noted("All candidates, in a group"),
    "document": noted("In a new document"),
}


class Options(QtWidgets.QWidget):
    """Negative prompt, seed, numbers, names, masks, what is seen and where the result goes."""

    changed = QtCore.pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._offered: Welcome | None = None
        rows = QtWidgets.QFormLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        self.negative = QtWidgets.QLineEdit()
        self.negative.setPlaceholderText(tr("What to keep out of the picture"))
        self.negative.setToolTip(tr("The model steers away from what is written here"))
        rows.addRow(tr("Not"), self.negative)
        rows.addRow(tr("Seed"), self._seed_row())
        self.steps = _number(QtWidgets.QSpinBox(), 500)
        self.steps.setToolTip(tr("More steps take longer and work out more detail"))
        rows.addRow(tr("Steps"), self.steps)
        self.guidance = _number(QtWidgets.QDoubleSpinBox(), 30)
        self.guidance.setToolTip(tr("How closely the prompt is followed"))
        rows.addRow(tr("Guidance"), self.guidance)
        self.sampler, self.model = _names(), _names()
        self.sampler.setToolTip(tr("The way from noise to the picture"))
        rows.addRow(tr("Sampler"), self.sampler)
        self.more = MoreModels()
        rows.addRow(tr("Model"), row_of(self.model, self.more))
        self.source, self.target = _choices(SOURCES), _choices(TARGETS)
        self.source.setToolTip(tr("What of the picture the model sees"))
        self.target.setToolTip(tr("Where the result goes"))
        rows.addRow(tr("Sees"), self.source)
        rows.addRow(tr("Paints"), self.target)
        self.edges = EdgeFields()
        self.edges.changed.connect(self.changed.emit)
        rows.addRow(self.edges)
        self.factor = QtWidgets.QDoubleSpinBox()
        self.factor.setRange(1.1, 8.0)
        self.factor.setSingleStep(0.5)
        self.factor.setValue(2.0)
        self.factor.setPrefix("× ")
        self.factor.setToolTip(tr("By how much Upscale enlarges"))
        rows.addRow(tr("Upscale"), self.factor)
        rows.addRow(QtWidgets.QLabel(tr("Expand the canvas, in pixels:")))
        rows.addRow(self._expand_row())
        rows.setRowWrapPolicy(QtWidgets.QFormLayout.RowWrapPolicy.WrapLongRows)
        let_shrink(self)

    def offer(self, welcome: Welcome | None) -> None:
        """Let the painter choose from what the bridge has; what was chosen stays if it can."""
        if welcome is None or welcome == self._offered:
            return
        self._offered = welcome
        _fill(self.sampler, welcome.samplers)
        self.more.offer(welcome)
        _fill(self.model, [model.name for model in welcome.models])
        for index, model in enumerate(welcome.models):
            size = f"{model.width}x{model.height}"
            note = tr(
                "{family}, at home at {size}. {notes}",
                family=model.family,
                size=size,
                notes=model.notes,
            )
            self.model.setItemData(index + 1, note, QtCore.Qt.ItemDataRole.ToolTipRole)

    def completed(self, wish: Wish) -> Wish:
        """Return the panel's own part of a wish with what these fields say."""
        return replace(
            wish,
            negative_prompt=self.negative.text().strip(),
            seed=self.seed,
            steps=self.steps.value() or None,
            guidance=self.guidance.value() or None,
            sampler=_name_in(self.sampler),
            model=_name_in(self.model),
            extension=self.extension,
            source=self.source.currentData(),
            target=self.target.currentData(),
            factor=self.factor.value(),
            edge=self.edges.edge(),
        )

    def use(self, wish: Wish) -> None:
        """Show the settings of a painting, its seed locked, so that it can be painted again."""
        self.negative.setText(wish.negative_prompt)
        self.steps.setValue(wish.steps or 0)
        self.guidance.setValue(wish.guidance or 0)
        for box, name in ((self.sampler, wish.sampler), (self.model, wish.model)):
            box.setCurrentIndex(max(0, box.findText(name)) if name else 0)
        self.source.setCurrentIndex(self.source.findData(wish.source))
        self.target.setCurrentIndex(self.target.findData(wish.target))
        self.factor.setValue(wish.factor)
        self.edges.use(wish.edge)
        for side in SIDES:
            self.sides[side].setValue(getattr(wish.extension, side, 0))
        if wish.seed is not None:
            self.seed_field.setText(str(wish.seed))
            self.lock.setChecked(True)

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
        self.seed_field = QtWidgets.QLineEdit()
        self.seed_field.setAccessibleName(tr("Seed"))
        digits = QtCore.QRegularExpression("[0-9]{0,19}")
        self.seed_field.setValidator(QtGui.QRegularExpressionValidator(digits))
        self.seed_field.setPlaceholderText(tr("a new one every time"))
        self.lock = QtWidgets.QCheckBox(tr("Lock"))
        self.lock.setToolTip(
            tr("Paint with this seed again; the same settings give the same picture")
        )
        return row_of(self.seed_field, self.lock)

    def _expand_row(self) -> QtObject:
        grid = QtWidgets.QGridLayout()
        self.sides = {}
        for index, (side, name) in enumerate(zip(SIDES, SIDE_NAMES)):  # noqa: B905 - Python 3.10
            box = QtWidgets.QSpinBox()
            box.setRange(0, MAX_SIDE)
            box.setSingleStep(64)
            box.setPrefix(f"{tr(name)} ")
            said = tr("Expand the canvas to the {side}, in pixels", side=tr(name))
            box.setAccessibleName(said)
            box.setToolTip(said)
            box.valueChanged.connect(lambda _value: self.changed.emit())
            self.sides[side] = box
            grid.addWidget(box, index // 2, index % 2)
        return grid


def _number(field: QtObject, largest: int) -> QtObject:
    field.setRange(0, largest)
    field.setSpecialValueText(tr(USUAL))
    return field


def _names() -> QtObject:
    box = QtWidgets.QComboBox()
    box.addItem(tr(USUAL))
    _keep_narrow(box)
    return box


def _choices(names: dict[str, str]) -> QtObject:
    box = QtWidgets.QComboBox()
    for key, name in names.items():
        box.addItem(tr(name), key)
    _keep_narrow(box)
    return box


def _keep_narrow(box: QtObject) -> None:
    box.setMinimumContentsLength(8)
    box.setSizeAdjustPolicy(
        QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
    )


def _name_in(box: QtObject) -> str | None:
    return box.currentText() if box.currentIndex() > 0 else None


def _fill(box: QtObject, names: list[str]) -> None:
    chosen = box.currentText()
    box.clear()
    box.addItems([tr(USUAL), *names])
    box.setCurrentIndex(max(0, box.findText(chosen)))
