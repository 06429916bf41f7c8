"""What was painted is kept in the .kra: over save and reopen, in a copy, and in an exported PNG."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scene import SKY, idle, open_panel, open_photograph, select_sky, settled


def scenario(stage: Any) -> Iterator[None]:
    """Paint twice, save, close, reopen, copy, use settings again, reveal, export."""
    document = yield from open_photograph(stage)
    select_sky(stage, document)
    panel = yield from open_panel(stage, "Fill selection")
    panel.options.negative.setText("clouds")
    panel.options.steps.setValue(12)
    yield from paint(stage, panel, "first moon")
    panel.gallery.show_candidate(0)
    yield from settled(stage, panel)
    panel.strength.setValue(55)
    yield from paint(stage, panel, "second moon")
    stage.facts["fresh"] = entries(panel)
    path = stage.out / "picture.kra"
    document.setFileName(str(path))
    stage.facts["saved"] = document.saveAs(str(path))
    document.waitForDone()
    yield from close(stage, document)
    stage.facts["without_document"] = entries(panel)
    copy = stage.out / "copy.kra"
    shutil.copyfile(path, copy)
    for name in (path, copy):
        document = yield from reopen(stage, name)
        stage.facts[f"{name.stem}_reopened"] = entries(panel)
        if name == path:
            yield from again(stage, document, panel)
        yield from close(stage, document)


def paint(stage: Any, panel: Any, prompt: str) -> Iterator[None]:
    """Paint until the result is on the canvas."""
    panel.prompt.setPlainText(prompt)
    stage.app.action("mahlstick_paint").trigger()
    yield from stage.until(lambda: panel.busy, f"{prompt} has begun")
    yield from idle(stage, panel)


def again(stage: Any, document: Any, panel: Any) -> Iterator[None]:
    """Open the list, use the older entry's settings, reveal where it was painted, export."""
    document.setSelection(None)
    panel.prompt.setPlainText("")
    panel.options.negative.setText("")
    panel.strength.setValue(100)
    panel.history.setChecked(True)
    yield from stage.until(lambda: panel.records.list.count() == 2, "the list is shown")
    panel.records.list.setCurrentRow(1)
    yield from stage.rest(0.2)
    bar = panel.widget().verticalScrollBar()
    bar.setValue(bar.maximum())
    yield from stage.rest(0.3)
    stage.picture_of_the_screen("history.png")
    yield from stage.click(panel.records.again)
    wish = panel.wish()
    stage.facts["again"] = {
        "prompt": wish.prompt,
        "negative": wish.negative_prompt,
        "steps": wish.steps,
        "seed": wish.seed,
        "strength": wish.strength,
    }
    yield from stage.click(panel.records.reveal)
    yield from stage.rest(0.3)
    chosen = document.selection()
    stage.facts["revealed"] = [chosen.x(), chosen.y(), chosen.width(), chosen.height()]
    stage.facts["revealed_layer"] = document.activeNode().name()
    stage.facts["sky"] = list(SKY)
    target = stage.out / "exported.png"
    stage.facts["exported"] = panel.export_to(target, panel.records.marked)
    stage.save_pixels(document, "exported.bgra")


def entries(panel: Any) -> list[dict[str, Any]]:
    """What the document in front remembers, newest first."""
    return [
        {"prompt": entry.wish.prompt, "seed": entry.seed, "label": entry.label}
        for entry in panel.records_of_document()
    ]


def close(stage: Any, document: Any) -> Iterator[None]:
    """Close a document."""
    document.setModified(False)
    document.close()
    yield from stage.until(lambda: not stage.app.documents(), "the document is closed")


def reopen(stage: Any, path: Path) -> Iterator[None]:
    """Open a file in a window, and return it."""
    document = stage.app.openDocument(str(path))
    document.setBatchmode(True)
    yield from stage.show(document)
    return document
