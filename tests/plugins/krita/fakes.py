"""A small Krita: documents with layers, an undo stack and an event loop that is turned by hand.

It keeps what was measured in the real one: adding and removing a layer are undo entries, writing
pixels is none; Krita makes a new layer the active one some turns later; a selection is a node on
top; a document that was closed is in no list.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
_IDS = itertools.count(1)


class FakeNode:
    """A layer of BGRA pixels."""

    def __init__(self, document: FakeDocument, name: str, kind: str = "paintlayer") -> None:
        self.document = document
        self.pixels: Pixels = np.zeros((document.height(), document.width(), 4), np.uint8)
        self.locked = False
        self.visible = True
        self._name = name
        self._kind = kind
        self._parent: FakeNode | None = None
        self._id = f"{{{next(_IDS)}}}"
        self._children: list[FakeNode] = []

    def name(self) -> str:
        return self._name

    def setName(self, name: str) -> None:
        self._name = name

    def type(self) -> str:
        return self._kind

    def setLocked(self, value: bool) -> None:
        self.locked = value

    def childNodes(self) -> list[FakeNode]:
        return list(self._children)

    def setVisible(self, value: bool) -> None:
        self.visible = value

    def opacity(self) -> int:
        return 255

    def blendingMode(self) -> str:
        return "normal"

    def colorModel(self) -> str:
        return self.document.colorModel()

    def colorDepth(self) -> str:
        return self.document.colorDepth()

    def colorProfile(self) -> str:
        return self.document.colorProfile()

    def uniqueId(self) -> FakeId:
        return FakeId(self._id)

    def bounds(self) -> FakeBox:
        return FakeBox(0, 0, self.document.width(), self.document.height())

    def parentNode(self) -> FakeNode | None:
        return self._parent

    def addChildNode(self, child: FakeNode, above: FakeNode | None) -> bool:
        place = len(self._children) if above is None else self._children.index(above) + 1
        self.document.do("Add Layer", lambda: self._add(child, place), lambda: self._drop(child))
        return True

    def remove(self) -> bool:
        parent = self._parent
        assert parent is not None
        place = parent._children.index(self)
        self.document.do(
            "Remove Layer", lambda: parent._drop(self), lambda: parent._add(self, place)
        )
        return True

    def projectionPixelData(self, x: int, y: int, w: int, h: int) -> bytes:
        return _window(_merged(self) if self._children else self.pixels, x, y, w, h).tobytes()

    def pixelData(self, x: int, y: int, w: int, h: int) -> bytes:
        return _window(self.pixels, x, y, w, h).tobytes()

    def setPixelData(self, value: bytes, x: int, y: int, w: int, h: int) -> None:
        new = np.frombuffer(value, np.uint8).reshape(h, w, 4)
        self.pixels[y : y + h, x : x + w] = new

    def _add(self, child: FakeNode, place: int) -> None:
        self._children.insert(place, child)
        child._parent = self
        self.document.later.append(lambda: self.document.setActiveNode(child))

    def _drop(self, child: FakeNode) -> None:
        self._children.remove(child)
        child._parent = None
        if self.document.activeNode() is child:
            root = self.document.rootNode()
            self.document.setActiveNode(root._children[-1] if root._children else root)


@dataclass(frozen=True)
class FakeId:
    """A layer's number."""

    text: str

    def toString(self) -> str:
        return self.text


@dataclass(frozen=True)
class FakeBox:
    """Qt's rectangle."""

    left: int
    top: int
    wide: int
    high: int

    def x(self) -> int:
        return self.left

    def y(self) -> int:
        return self.top

    def width(self) -> int:
        return self.wide

    def height(self) -> int:
        return self.high


class FakeSelection:
    """A selection of the size of its document."""

    def __init__(self, mask: Pixels) -> None:
        self.mask = mask
        rows, columns = mask.any(1).nonzero()[0], mask.any(0).nonzero()[0]
        self._box = (0, 0, 0, 0)
        if rows.size:
            left, top = int(columns[0]), int(rows[0])
            self._box = (left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)

    def x(self) -> int:
        return self._box[0]

    def y(self) -> int:
        return self._box[1]

    def width(self) -> int:
        return self._box[2]

    def height(self) -> int:
        return self._box[3]

    def pixelData(self, x: int, y: int, w: int, h: int) -> bytes:
        return _window(self.mask, x, y, w, h).tobytes()


@dataclass
class Entry:
    """One step of the undo stack."""

    text: str
    redo: Callable[[], None]
    undo: Callable[[], None]


class FakeDocument:
    """A picture with one layer of noise."""

    def __init__(self, app: FakeKrita, width: int, height: int, model: str = "RGBA") -> None:
        self.app = app
        self.later: list[Callable[[], None]] = []
        self.entries: list[Entry] = []
        self.undone: list[Entry] = []
        self.chosen: FakeSelection | None = None
        self._size = (width, height)
        self._model = model
        self._root = FakeNode(self, "root", "grouplayer")
        self.painting = FakeNode(self, "Background")
        noise = np.random.default_rng(7).integers(0, 256, self.painting.pixels.shape, np.uint8)
        noise[..., 3] = 255
        self.painting.pixels[:] = noise
        self._root._children.append(self.painting)
        self.painting._parent = self._root
        self.annotations: dict[str, bytes] = {}
        self.exported = b""  # the file that Krita would write
        self._active: FakeNode | None = self.painting

    def do(self, text: str, redo: Callable[[], None], undo: Callable[[], None]) -> None:
        redo()
        self.entries.append(Entry(text, redo, undo))
        self.undone.clear()

    def stroke(self) -> None:
        """The painter draws one stroke on the active layer."""
        self.do("Freehand Brush Stroke", lambda: None, lambda: None)

    def turn(self) -> None:
        """Krita's event loop goes round once."""
        waiting, self.later = self.later, []
        for act in waiting:
            act()

    def merged(self) -> Pixels:
        """All layers on top of each other."""
        return _merged(self._root)

    def width(self) -> int:
        return self._size[0]

    def height(self) -> int:
        return self._size[1]

    def colorModel(self) -> str:
        return self._model

    def colorDepth(self) -> str:
        return "U8"

    def colorProfile(self) -> str:
        return "sRGB-elle-V2-srgbtrc.icc"

    def selection(self) -> FakeSelection | None:
        return self.chosen

    def pixelData(self, x: int, y: int, w: int, h: int) -> bytes:
        return _window(self.merged(), x, y, w, h).tobytes()

    def rootNode(self) -> FakeNode:
        return self._root

    def createNode(self, name: str, kind: str) -> FakeNode:
        return FakeNode(self, name, kind)

    def activeNode(self) -> FakeNode | None:
        return self._active

    def setActiveNode(self, node: FakeNode) -> None:
        self._active = node

    def resizeImage(self, x: int, y: int, w: int, h: int) -> None:
        old = self._size
        pixels = [node.pixels for node in self._root.childNodes()]
        resized = [_window(part, x, y, w, h) for part in pixels]
        self.do(
            "Resize Image", lambda: self._resize((w, h), resized), lambda: self._resize(old, pixels)
        )

    def _resize(self, size: tuple[int, int], pixels: list[Pixels]) -> None:
        self._size = size
        for node, part in zip(self._root.childNodes(), pixels, strict=True):
            node.pixels = part

    def resolution(self) -> float:
        return 300.0

    def scaleImage(self, w: int, h: int, _x: int, _y: int, _strategy: str) -> bool:
        old = self._size
        pixels = [node.pixels for node in self._root.childNodes()]
        scaled = [np.zeros((h, w, 4), np.uint8) for _ in pixels]
        self.do(
            "Scale Image", lambda: self._resize((w, h), scaled), lambda: self._resize(old, pixels)
        )
        return True

    def setSelection(self, selection: FakeSelection) -> None:
        self.chosen = selection

    def annotationTypes(self) -> list[str]:
        return list(self.annotations)

    def annotation(self, kind: str) -> bytes:
        return self.annotations[kind]

    def setAnnotation(self, kind: str, _description: str, value: bytes) -> None:
        self.annotations[kind] = value

    def removeAnnotation(self, kind: str) -> None:
        self.annotations.pop(kind, None)

    def batchmode(self) -> bool:
        return False

    def setBatchmode(self, value: bool) -> None:
        pass

    def exportImage(self, path: str, _configuration: object) -> bool:
        Path(path).write_bytes(self.exported)
        return bool(self.exported)

    def setModified(self, modified: bool) -> None:
        pass

    def setColorSpace(self, _model: str, _depth: str, _profile: str) -> bool:
        return True

    def refreshProjection(self) -> None:
        pass

    def waitForDone(self) -> None:
        pass

    def close(self) -> bool:
        self.app.open.remove(self)
        return True


class FakeAction:
    """Undo or redo of the active document."""

    def __init__(self, app: FakeKrita, which: str) -> None:
        self._app = app
        self._which = which

    def text(self) -> str:
        document = self._app.activeDocument()
        stack = document.entries if document else []
        return f"Undo {stack[-1].text}" if stack else "Undo "

    def trigger(self) -> None:
        document = self._app.activeDocument()
        assert document is not None
        back = self._which == "edit_undo"
        source, target = document.entries, document.undone
        if not back:
            source, target = target, source
        if source:
            entry = source.pop()
            (entry.undo if back else entry.redo)()
            target.append(entry)


class FakeWindow:
    """The main window."""

    def __init__(self, app: FakeKrita) -> None:
        self._app = app

    def addView(self, document: FakeDocument) -> None:
        self._app.open.append(document)


class FakeKrita:
    """Krita itself, with its open documents; the last one is in front."""

    def __init__(self) -> None:
        self.open: list[FakeDocument] = []

    def createDocument(
        self, w: int, h: int, _name: str, _model: str, _depth: str, _profile: str, _dpi: float
    ) -> FakeDocument:
        """A document that nobody sees until it gets a view."""
        return FakeDocument(self, w, h)

    def activeWindow(self) -> FakeWindow:
        return FakeWindow(self)

    def new(self, width: int = 48, height: int = 32, model: str = "RGBA") -> FakeDocument:
        """Open a picture."""
        self.open.append(FakeDocument(self, width, height, model))
        return self.open[-1]

    def documents(self) -> list[FakeDocument]:
        return list(self.open)

    def activeDocument(self) -> FakeDocument | None:
        return self.open[-1] if self.open else None

    def action(self, name: str) -> FakeAction:
        return FakeAction(self, name)

    def version(self) -> str:
        return "5.1.5"


def _merged(parent: FakeNode) -> Pixels:
    """All visible layers of a group on top of each other."""
    height, width = parent.document.height(), parent.document.width()
    below = np.zeros((height, width, 4), np.float64)
    for node in parent.childNodes():
        above = _merged(node) if node.type() == "grouplayer" else node.pixels
        alpha = above[..., 3:] / 255 * node.visible
        paint = np.concatenate([above[..., :3], np.full_like(alpha, 255)], -1)
        below = below * (1 - alpha) + paint * alpha
    return np.rint(below).astype(np.uint8)


def _window(pixels: Pixels, x: int, y: int, w: int, h: int) -> Pixels:
    """Return a part of a picture; outside of it there are zeros."""
    out = np.zeros((h, w, *pixels.shape[2:]), np.uint8)
    left, top = max(0, x), max(0, y)
    right, bottom = min(pixels.shape[1], x + w), min(pixels.shape[0], y + h)
    if right > left and bottom > top:
        out[top - y : bottom - y, left - x : right - x] = pixels[top:bottom, left:right]
    return out
