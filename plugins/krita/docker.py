"""The panel: a prompt, one button that says what it will do, what forms, how to stop or keep it."""

from __future__ import annotations

import functools
from pathlib import Path

from .controls import Controls
from .exporting import export, write
from .gallery import Gallery
from .history import Entry
from .host import KritaObject, krita
from .language import tr
from .options import Options
from .prompt import Prompt
from .qt import QtObject, QtWidgets
from .records import Records
from .sections import Scrolling, Section
from .sources import reveal
from .starting import StartRow
from .studio import Studio
from .viewbox import ViewBox
from .views import View
from .wishes import Intent, Wish
from .words import sentence

ID = "mahlstick_docker"
TITLE = "Mahlstick"
LINES = 22  # of text; so high is the panel while the rarer settings are folded away


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

    @property
    def settled(self) -> bool:
        """Whether nothing is on its way to the bridge, the canvas or the document's history."""
        return not self._studio.hurried

    @property
    def shown(self) -> View | None:
        """What is shown beside the document, here or over the canvas: live mode's, or the masks."""
        return self._studio.view

    def wish(self) -> Wish:
        """Return what the fields say."""
        return self.options.completed(
            Wish(
                prompt=self.prompt.toPlainText().strip(),
                candidates=self.controls.candidates.value(),
                strength=self.controls.strength.value() / 100,
                action=self.controls.choice,
                presets=self.controls.styles.chosen,
            )
        )

    def paint_now(self) -> None:
        """Do what the button says."""
        self._hide_masks()
        if self._studio.paint(self.wish()):
            self.options.stop_expanding()

    def paint_as(self, choice: str) -> None:
        """Paint in one of the ways that the button's menu offers, whatever would fit."""
        chosen = self.controls.choice
        self.controls.choose(choice)
        self.paint_now()
        self.controls.choose(chosen)

    def cancel_now(self) -> None:
        """Stop, and leave the picture as it was."""
        self._studio.cancel()

    def keep_now(self) -> None:
        """Stop, and keep what the canvas shows."""
        self._studio.keep()

    def undo_now(self) -> None:
        """Undo the newest painting as a whole."""
        self._studio.take_back()

    def vary_candidate(self) -> None:
        """Paint variations of the candidate on the canvas."""
        self._studio.vary_candidate(self.wish())

    def upscale_candidate(self) -> None:
        """Paint the candidate on the canvas larger, in a document of its own."""
        self._studio.upscale_candidate(self.wish())

    def next_candidate(self) -> None:
        """Show the next candidate on the canvas."""
        self._studio.step_candidate(1)

    def previous_candidate(self) -> None:
        """Show the candidate before on the canvas."""
        self._studio.step_candidate(-1)

    def toggle_live(self) -> None:
        """Start or stop painting along."""
        self.controls.live.toggle()

    def toggle_masks(self) -> None:
        """Show or hide where paint would go."""
        self.controls.masks.toggle()

    def focus_prompt(self) -> None:
        """Let the painter write the prompt."""
        self.show()
        self.raise_()
        self.prompt.setFocus()

    def newest_again(self) -> None:
        """Bring the newest painting's settings back."""
        entries = self._studio.archive.entries()
        if entries:
            self.use(entries[0])

    def use(self, entry: Entry) -> None:
        """Bring a painting's prompt, settings and seed back."""
        wish = entry.wish
        self.prompt.setPlainText(wish.prompt)
        self.controls.styles.choose(wish.presets)
        self.controls.candidates.setValue(wish.candidates)
        self.controls.strength.setValue(round(100 * wish.strength))
        self.controls.choose(wish.action)
        self.options.use(wish)

    def export_to(self, path: Path, entry: Entry) -> bool:
        """Write the picture in front as a PNG with this painting's record; tell if it was."""
        document = krita.Krita.instance().activeDocument()
        return document is not None and write(document, path, entry)

    def records_of_document(self) -> list[Entry]:
        """Return what was painted in the document in front, newest first."""
        return self._studio.archive.entries()

    def refresh(self) -> None:
        """Show how things stand."""
        studio, easel = self._studio, self._studio.current
        busy = easel is not None and not easel.over
        intent = studio.intent(self.wish())
        self.controls.button.setText(tr(intent.label))
        self.controls.button.setEnabled(not busy)
        self.controls.cancel.setEnabled(busy)
        forming = easel is not None and busy and bool(easel.painting.previews)
        self.controls.keep.setEnabled(forming or studio.live.picture is not None)
        self.status.setText(self._said())
        self.status.setVisible(bool(self.status.text()))
        self.starting.refresh(studio.online)
        self.options.offer(studio.welcome)
        self.controls.styles.offer(studio.welcome)
        self.prompt.mark_unknown(studio.unknown_words)
        self._show_view()
        if easel is not None:
            self.controls.bar.setValue(round(1000 * easel.painting.progress) if busy else 0)
            self.gallery.draw(easel)
            self.controls.offer_candidate(not busy and easel.laid is not None)
            if easel.painting.seed is not None:
                self.options.tell_seed(easel.painting.seed)
        if self.history.isChecked() and not busy:
            self.records.draw(studio.archive.entries())

    def _said(self) -> str:
        studio = self._studio
        asides = studio.outliner.message or (studio.live.message if studio.live.on else "")
        progress = sentence(studio.current, studio.seconds_left)
        return studio.message or asides or progress

    def _show_view(self) -> None:
        live, outline = self._studio.live, self._studio.outliner
        self.controls.show_toggles(live.on, outline.view is not None or outline.busy)
        view = outline.view or (live.view if live.on else None)
        caption = tr("What live mode paints; Keep this lays it on a layer")
        if outline.view is not None:
            caption = tr(
                "Red: where paint lands. Blue: where the model may act besides. The frame: what"
                " the model sees."
            )
        self.view.show_view(None if self._studio.overlaid else view, caption)

    def _set_live(self, on: bool) -> None:
        if on == self._studio.live.on:
            return
        if on:
            self._studio.live.start(self.wish)
        else:
            self._studio.live.stop()
        self._studio.tell()

    def _set_masks(self, on: bool) -> None:
        if on:
            wish = self.wish()
            self._studio.outliner.show(wish, self._intent_for_masks(wish))
        else:
            self._studio.outliner.hide()
        self._studio.tell()

    def _intent_for_masks(self, wish: Wish) -> Intent:
        return self._studio.intent(wish)

    def _hide_masks(self) -> None:
        if self.controls.masks.isChecked():
            self.controls.masks.setChecked(False)

    def _fields_changed(self) -> None:
        if self.controls.masks.isChecked():
            self._set_masks(True)  # they would be others now
        self.refresh()

    def _export(self, entry: Entry) -> None:
        export(self, entry)

    def _reveal(self, entry: Entry) -> None:
        reveal(entry)

    def _built(self) -> QtObject:
        body = QtWidgets.QWidget()
        rows = QtWidgets.QVBoxLayout(body)
        rows.setContentsMargins(4, 4, 4, 4)
        self.prompt = Prompt(self._studio.prompts)
        self.prompt.asked.connect(self.paint_now)
        rows.addWidget(self.prompt)
        self.controls = Controls()
        self._connect_controls()
        rows.addWidget(self.controls)
        self.status = QtWidgets.QLabel()
        self.status.setWordWrap(True)
        self.status.setObjectName("mahlstick_status")
        self.status.setAccessibleName(tr("How things stand"))
        rows.addWidget(self.status)
        self.starting = StartRow()
        rows.addWidget(self.starting)
        self.view = ViewBox()
        rows.addWidget(self.view)
        self.gallery = Gallery()
        self.gallery.chosen.connect(self._studio.select)
        rows.addWidget(self.gallery, 1)
        rows.addLayout(self.controls.candidate_row)
        self._add_sections(rows)  # last: unfolding them must not push the buttons away
        # The scenarios and painters' scripts know these by their short names.
        self.button, self.cancel, self.keep = (
            self.controls.button,
            self.controls.cancel,
            self.controls.keep,
        )
        self.candidates, self.strength = self.controls.candidates, self.controls.strength
        return Scrolling(body, LINES)

    def _connect_controls(self) -> None:
        controls, studio = self.controls, self._studio
        controls.button.clicked.connect(lambda _checked=False: self.paint_now())
        controls.cancel.clicked.connect(lambda _checked=False: studio.cancel())
        controls.keep.clicked.connect(lambda _checked=False: studio.keep())
        controls.vary.clicked.connect(lambda _checked=False: self.vary_candidate())
        controls.upscale.clicked.connect(lambda _checked=False: self.upscale_candidate())
        controls.undo.clicked.connect(lambda _checked=False: self.undo_now())
        controls.live.toggled.connect(self._set_live)
        controls.masks.toggled.connect(self._set_masks)
        controls.changed.connect(self._fields_changed)

    def _add_sections(self, rows: QtObject) -> None:
        self.records = Records()
        self.records.wanted_again.connect(self.use)
        self.records.wanted_shown.connect(self._reveal)
        self.records.wanted_file.connect(self._export)
        self.history = Section("history", tr("History"), self.records)
        self.history.unfolded.connect(lambda _unfolded: self.refresh())
        rows.addWidget(self.history)
        self.options = Options()
        self.options.changed.connect(self._fields_changed)
        self.more = Section("more", tr("More"), self.options)
        rows.addWidget(self.more)
