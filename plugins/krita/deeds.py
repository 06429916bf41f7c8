"""What we did to a document that Krita counts as undo entries, and how all of it is taken back.

While our entries are the newest they are undone, so that the undo history is as it was; once the
painter did more, the reverse is done instead, which makes more entries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .libkis import App, Document


@dataclass(frozen=True)
class Deed:
    """One undo entry of ours: `undone` tells whether it holds no more, `reverse` makes it so."""

    undone: Callable[[], bool]
    reverse: Callable[[], None]


class Deeds:
    """Our entries in one document, oldest first."""

    def __init__(self, app: App, document: Document) -> None:
        self._app = app
        self._document = document
        self._deeds: list[Deed] = []
        self._undo_text: str | None = None

    def add(self, deed: Deed) -> None:
        """Remember what was just done."""
        self._deeds.append(deed)
        self._undo_text = None  # Krita's text follows some turns of the event loop later

    def __len__(self) -> int:
        return len(self._deeds)

    @property
    def noted(self) -> bool:
        """Whether what the newest entry is called is known."""
        return self._undo_text is not None

    def note(self) -> None:
        """See what Krita calls the newest entry: while it says so, nothing newer is there."""
        self._undo_text = self._app.action("edit_undo").text()

    def take_back(self) -> None:
        """Make everything undone, newest first; what the painter undid already is left alone."""
        newest = self._undo_text in (None, self._app.action("edit_undo").text())
        # What the painter undid of ours cannot be the newest; the next of ours is, most likely.
        untouched = newest or any(deed.undone() for deed in self._deeds)
        for deed in reversed(self._deeds):
            if deed.undone():
                continue
            if not untouched or not self._undo(deed):
                untouched = False
                deed.reverse()
        self._document.waitForDone()

    def _undo(self, deed: Deed) -> bool:
        """Undo one entry and tell whether it was this; the painter's own is done again."""
        if self._app.activeDocument() != self._document:
            return False
        self._app.action("edit_undo").trigger()
        self._document.waitForDone()
        if deed.undone():
            return True
        self._app.action("edit_redo").trigger()
        self._document.waitForDone()
        return False
