"""The picture as a PNG that carries how it was painted."""

from __future__ import annotations

import json
from pathlib import Path

from .history import Entry
from .host import krita
from .language import tr
from .libkis import Document
from .qt import QtObject, QtWidgets
from .stamps import stamped

TRIES = 3  # Krita exports nothing while the picture is busy, and says so only by False


def export(panel: QtObject, entry: Entry) -> None:
    """Ask where to, and write the document in front there; say so if it cannot be."""
    document = krita.Krita.instance().activeDocument()
    if document is None:
        return
    title = tr("Export with its history")
    name, _kind = QtWidgets.QFileDialog.getSaveFileName(panel, title, "", "PNG (*.png)")
    if not name:
        return
    path = Path(name) if name.lower().endswith(".png") else Path(f"{name}.png")
    try:
        written = write(document, path, entry)
    except OSError as error:
        written = False
        title = str(error)
    if not written:
        said = tr("{path} could not be written. Choose another folder.", path=path)
        QtWidgets.QMessageBox.warning(panel, title, said)


def write(document: Document, path: Path, entry: Entry) -> bool:
    """Write a document as a PNG with an entry's record in it; `OSError` when the disk refuses."""
    batch = document.batchmode()
    document.setBatchmode(True)
    try:
        if not any(_exported(document, path) for _ in range(TRIES)):
            return False
    finally:
        document.setBatchmode(batch)
    record = json.dumps({**entry.record, "candidate_seed": entry.seed}, ensure_ascii=False)
    path.write_bytes(stamped(path.read_bytes(), {"mahlstick": record}))
    return True


def _exported(document: Document, path: Path) -> bool:
    document.waitForDone()
    return bool(document.exportImage(str(path), krita.InfoObject()))
