"""Whether a picture is partly painted and partly transparent, without reading all of it.

Some rows are looked at in every turn, from top to bottom and again: a hole that a brush made is
found within seconds.
"""

from __future__ import annotations

from .libkis import Document

EVERY = 8  # rows: a hole less high than this may be missed
ROWS = 16  # in one turn
# The bytes of a full alpha value, which is a pixel's last channel.
_FULL = {"U8": b"\xff", "U16": b"\xff\xff", "F16": b"\x00\x3c", "F32": b"\x00\x00\x80\x3f"}


class Scout:
    """Looks at one document at a time."""

    def __init__(self) -> None:
        self.holes = False
        self._document: Document | None = None
        self._forget()

    def holes_in(self, document: Document) -> bool:
        """Tell what is known of this document; False for one that was not looked at."""
        return self.holes and document == self._document

    def look(self, document: Document) -> None:
        """Look at some more rows of the merged picture."""
        if document != self._document:
            self._document, self.holes = document, False
            self._forget()
        for _ in range(ROWS):
            if self._row >= document.height():
                self.holes = self._some_clear and self._some_full
                self._forget()
                return
            self._look_at_row(document)
        self.holes = self.holes or (self._some_clear and self._some_full)

    def _forget(self) -> None:
        self._row = 0
        self._some_clear = self._some_full = False

    def _look_at_row(self, document: Document) -> None:
        width, full = document.width(), _FULL.get(document.colorDepth())
        row = bytes(document.pixelData(0, self._row, width, 1))
        self._row += EVERY
        if full is None or not row:
            return
        size = len(row) // width
        alpha = size - len(full)
        counts = [row[alpha + i :: size].count(byte) for i, byte in enumerate(full)]
        self._some_full = self._some_full or min(counts) > 0
        self._some_clear = self._some_clear or min(counts) < width
