"""GIMP's libraries as far as the plug-in uses them: real pixels, and an undo stack that counts.

Drawables keep linear lists of RGBA or gray bytes; formats are told apart by their channels only.
"""

from __future__ import annotations

import itertools
import queue
from dataclasses import dataclass, field
from enum import Enum, IntFlag
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
CHANNELS = {"R'G'B'A u8": 4, "R'G'B' u8": 3, "Y u8": 1}


@dataclass(frozen=True)
class Rectangle:
    x: int
    y: int
    width: int
    height: int

    @classmethod
    def new(cls, x: int, y: int, width: int, height: int) -> Rectangle:
        return cls(x, y, width, height)


class AbyssPolicy(Enum):
    NONE = 0
    CLAMP = 1


class SamplerType(Enum):
    LINEAR = 1


class Buffer:
    """Pixels from (0, 0) on; reading outside follows the policy."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels

    @classmethod
    def new(cls, pixel_format: str, _x: int, _y: int, width: int, height: int) -> Buffer:
        return cls(np.zeros((height, width, CHANNELS[pixel_format]), np.uint8))

    def get(self, box: Rectangle, scale: float, pixel_format: str, policy: AbyssPolicy) -> bytes:
        height, width = self.pixels.shape[:2]
        rows = np.floor(np.arange(box.y, box.y + box.height) / scale).astype(int)
        columns = np.floor(np.arange(box.x, box.x + box.width) / scale).astype(int)
        seen = self.pixels[np.ix_(rows.clip(0, height - 1), columns.clip(0, width - 1))]
        if policy is AbyssPolicy.NONE:
            inside = np.outer((rows >= 0) & (rows < height), (columns >= 0) & (columns < width))
            seen = seen * inside[..., None].astype(np.uint8)
        return seen[..., : CHANNELS[pixel_format]].tobytes()

    def set(self, box: Rectangle, pixel_format: str, data: bytes) -> None:
        channels = CHANNELS[pixel_format]
        given = np.frombuffer(data, np.uint8).reshape(box.height, box.width, channels)
        target = self.pixels[box.y : box.y + box.height, box.x : box.x + box.width]
        target[..., :channels] = given
        if channels == 3 and target.shape[2] == 4:
            target[..., 3] = 255

    def flush(self) -> None:
        """A fake writes at once."""


class Node:
    """Three operations are enough: source, scale, write."""

    def __init__(self, operation: str = "") -> None:
        self.operation = operation
        self.settings: dict[str, Any] = {}
        self.above: Node | None = None

    def create_child(self, operation: str) -> Node:
        return Node(operation)

    def set_property(self, name: str, value: object) -> None:
        self.settings[name] = value

    def link(self, below: Node) -> None:
        below.above = self

    def process(self) -> None:
        target = self.settings["buffer"].pixels
        assert self.above is not None
        found = self.above.result(target.shape[1], target.shape[0])
        target[...] = found[..., : target.shape[2]]

    def result(self, width: int, height: int) -> Pixels:
        if self.operation == "gegl:buffer-source":
            return self.settings["buffer"].pixels
        assert self.above is not None
        source = self.above.result(width, height)
        rows = (np.arange(height) / self.settings["y"]).astype(int).clip(0, source.shape[0] - 1)
        columns = (np.arange(width) / self.settings["x"]).astype(int).clip(0, source.shape[1] - 1)
        return source[np.ix_(rows, columns)]


class ImageBaseType(Enum):
    RGB = 0
    GRAY = 1
    INDEXED = 2


class ImageType(Enum):
    RGBA_IMAGE = 1
    GRAYA_IMAGE = 3
    INDEXEDA_IMAGE = 5


class AddMaskType(Enum):
    BLACK = 1


class LayerColorSpace(Enum):
    RGB_LINEAR = 1
    RGB_NON_LINEAR = 2
    RGB_PERCEPTUAL = 4


@dataclass(frozen=True)
class Precision:
    value_nick: str


class RunMode(Enum):
    INTERACTIVE = 0
    NONINTERACTIVE = 1
    WITH_LAST_VALS = 2


class PDBStatusType(Enum):
    EXECUTION_ERROR = 0
    SUCCESS = 3
    CANCEL = 4


class PDBProcType(Enum):
    PLUGIN = 1
    TEMPORARY = 3


class InterpolationType(Enum):
    CUBIC = 2


class ProcedureSensitivityMask(IntFlag):
    DRAWABLE = 1
    DRAWABLES = 4
    NO_DRAWABLES = 8
    NO_IMAGE = 16


class ParamFlags(IntFlag):
    READWRITE = 3


@dataclass(frozen=True)
class Parasite:
    name: str
    flags: int
    data: bytes

    @classmethod
    def new(cls, name: str, flags: int, data: bytes) -> Parasite:
        return cls(name, flags, data)

    def get_data(self) -> list[int]:
        return list(self.data)


class Bytes:
    """GLib's."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def get_data(self) -> bytes:
        return self._data


class Metadata:
    """GIMP's, as far as it is XML."""

    def __init__(self, text: str) -> None:
        self.text = text

    @classmethod
    def deserialize(cls, text: str) -> Metadata:
        return cls(text)

    def serialize(self) -> str:
        return self.text


class Drawable:
    def __init__(self, width: int, height: int, channels: int) -> None:
        self.buffer = Buffer(np.zeros((height, width, channels), np.uint8))
        self.updates = 0

    def get_buffer(self) -> Buffer:
        return self.buffer

    def get_width(self) -> int:
        return self.buffer.pixels.shape[1]

    def get_height(self) -> int:
        return self.buffer.pixels.shape[0]

    def update(self, _x: int, _y: int, _width: int, _height: int) -> None:
        self.updates += 1


class Layer(Drawable):
    made: ClassVar[list[Layer]] = []

    def __init__(self, image: Image, name: str, width: int, height: int, kind: Any) -> None:
        super().__init__(width, height, 4)
        self.image, self.name, self.kind = image, name, kind
        self.offsets = (0, 0)
        self.mask: Drawable | None = None
        self.edits_mask = False
        self.parent: Any = None
        self.parasites: dict[str, Parasite] = {}
        self.deleted = False
        self.visible = True

    @classmethod
    def new(
        cls,
        image: Image,
        name: str,
        width: int,
        height: int,
        kind: Any,
        _opacity: float,
        _mode: Any,
    ) -> Layer:
        return cls(image, name, width, height, kind)

    @classmethod
    def new_from_visible(cls, image: Image, _target: Image, name: str) -> Layer:
        layer = cls(image, name, image.get_width(), image.get_height(), None)
        layer.buffer.pixels[...] = image.visible
        cls.made.append(layer)
        return layer

    def delete(self) -> None:
        self.deleted = True

    def is_valid(self) -> bool:
        return not self.deleted and self in self.image.layers

    def get_buffer(self) -> Any:
        return None if self.deleted else self.buffer

    def get_name(self) -> str:
        return self.name

    def get_image(self) -> Image | None:
        return self.image if self in self.image.layers else None

    def get_offsets(self) -> tuple[bool, int, int]:
        return (True, *self.offsets)

    def set_offsets(self, x: int, y: int) -> None:
        self.offsets = (x, y)
        self.image.note("move")

    def get_parent(self) -> Any:
        return self.parent

    def set_composite_space(self, space: Any) -> None:
        self.composite_space = space

    def create_mask(self, _kind: Any) -> Drawable:
        return Drawable(self.get_width(), self.get_height(), 1)

    def add_mask(self, mask: Drawable) -> None:
        self.mask = mask
        self.edits_mask = True  # GIMP's strokes go to a new mask
        self.image.note("add mask")

    def get_mask(self) -> Drawable | None:
        return self.mask

    def set_edit_mask(self, edit: bool) -> None:
        self.edits_mask = edit

    def attach_parasite(self, parasite: Parasite) -> None:
        self.parasites[parasite.name] = parasite
        self.image.note("attach parasite")

    def get_parasite(self, name: str) -> Parasite | None:
        return self.parasites.get(name)

    def get_visible(self) -> bool:
        return self.visible

    def set_visible(self, visible: bool) -> None:
        self.visible = visible
        self.image.note("visibility")


class Image:
    """`undo_steps` is what Edit > Undo would offer, newest last."""

    def __init__(self, width: int, height: int, base: ImageBaseType = ImageBaseType.RGB) -> None:
        self.visible: Pixels = np.zeros((height, width, 4), np.uint8)
        self.visible[..., 3] = 255
        self.selection = Drawable(width, height, 1)
        self.base = base
        self.precision = Precision("u8-non-linear")
        self.layers: list[Layer] = [Layer(self, "Background", width, height, None)]
        self.selected = list(self.layers)
        self.channels: list[str] = []
        self.metadata: Metadata | None = None
        self.parasites: dict[str, Parasite] = {}
        self.floating: object = None
        self.open = True
        self.undo_steps: list[list[str]] = []
        self._group: list[str] | None = None
        self._frozen = False

    def note(self, step: str) -> None:
        if self._frozen:
            return
        if self._group is not None:
            self._group.append(step)
        else:
            self.undo_steps.append([step])

    def undo(self) -> None:
        """The painter takes the newest layer back."""
        self.undo_steps.pop()
        self.layers.pop(0)

    def resize(self, width: int, height: int, left: int, top: int) -> None:
        self.visible = np.zeros((height, width, 4), np.uint8)
        for layer in self.layers:
            layer.offsets = (layer.offsets[0] + left, layer.offsets[1] + top)
        self.note("resize")

    def scale(self, width: int, height: int) -> None:
        self.visible = np.zeros((height, width, 4), np.uint8)
        self.note("scale")

    def get_metadata(self) -> Metadata | None:
        return self.metadata

    def set_metadata(self, metadata: Metadata) -> None:
        self.metadata = metadata
        self.note("metadata")

    def attach_parasite(self, parasite: Parasite) -> None:
        self.parasites[parasite.name] = parasite
        self.note("attach parasite")

    def get_parasite(self, name: str) -> Parasite | None:
        return self.parasites.get(name)

    def get_layers(self) -> list[Layer]:
        return list(self.layers)

    def get_name(self) -> str:
        return "a picture"

    def get_id(self) -> int:
        return id(self)

    def get_thumbnail_data(self, width: int, height: int) -> tuple[Bytes, int, int, int]:
        """All that is visible, of the layers in the list too."""
        seen = self.visible[: min(height, self.get_height()), : min(width, self.get_width())]
        paint = b"".join(
            layer.buffer.pixels.tobytes() for layer in self.layers[:-1] if layer.visible
        )
        opaque = (self.visible[..., 3] == 255).all()
        pixels = seen[..., : 3 if opaque else 4].tobytes()
        return Bytes(pixels + (b"" if not opaque else paint)), width, height, 3 if opaque else 4

    def is_valid(self) -> bool:
        return self.open

    def get_width(self) -> int:
        return self.visible.shape[1]

    def get_height(self) -> int:
        return self.visible.shape[0]

    def get_base_type(self) -> ImageBaseType:
        return self.base

    def get_precision(self) -> Precision:
        return self.precision

    def get_default_new_layer_mode(self) -> str:
        return "normal"

    def get_selection(self) -> Drawable:
        return self.selection

    def get_floating_sel(self) -> object:
        return self.floating

    def get_selected_layers(self) -> list[Layer]:
        return list(self.selected)

    def get_selected_channels(self) -> list[str]:
        return list(self.channels)

    def set_selected_channels(self, channels: list[str]) -> None:
        self.selected, self.channels = [], list(channels)

    def set_selected_layers(self, layers: list[Layer]) -> None:
        assert layers, "GIMP refuses an empty list"
        self.selected = list(layers)

    def get_item_position(self, layer: Layer) -> int:
        return self.layers.index(layer)

    def insert_layer(self, layer: Layer, parent: Any, position: int) -> None:
        self.layers.insert(position, layer)
        layer.parent = parent
        self.selected, self.channels = [layer], []
        self.note("add layer")

    def remove_layer(self, layer: Layer) -> None:
        self.layers.remove(layer)
        self.note("remove layer")

    def undo_group_start(self) -> None:
        self._group = []

    def undo_group_end(self) -> None:
        assert self._group is not None
        self.undo_steps.append(self._group)
        self._group = None

    def undo_freeze(self) -> None:
        self._frozen = True

    def undo_thaw(self) -> None:
        self._frozen = False


class Selection:
    @staticmethod
    def bounds(image: Image) -> tuple[bool, bool, int, int, int, int]:
        chosen = image.selection.buffer.pixels[..., 0] > 0
        if not chosen.any():
            return (True, False, 0, 0, image.get_width(), image.get_height())
        rows, columns = chosen.any(1).nonzero()[0], chosen.any(0).nonzero()[0]
        edges = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
        return (True, True, *(int(edge) for edge in edges))


class Choice:
    def __init__(self) -> None:
        self.words: list[str] = []

    @classmethod
    def new(cls) -> Choice:
        return cls()

    def add(self, word: str, _number: int, _label: str, _help: str) -> None:
        self.words.append(word)


@dataclass
class Values:
    status: PDBStatusType
    error: Any
    results: list[Any] = field(default_factory=lambda: [None] * 4)

    def remove(self, index: int) -> None:
        del self.results[index]

    def insert(self, index: int, value: Any) -> None:
        self.results.insert(index, value)


class ImageProcedure:
    """Remembers what it was told; `arguments` maps names to defaults."""

    def __init__(self, name: str, run: Any, data: Any) -> None:
        self.name, self.run, self.data = name, run, data
        self.plugin: Any = None
        self.arguments: dict[str, Any] = {}
        self.results: list[str] = []
        self.menu = ""

    @classmethod
    def new(cls, plugin: Any, name: str, _kind: Any, run: Any, data: Any) -> ImageProcedure:
        procedure = cls(name, run, data)
        procedure.plugin = plugin
        return procedure

    def get_plug_in(self) -> Any:
        return self.plugin

    def add_menu_path(self, path: str) -> None:
        self.menu = path

    def _take(self, name: str, *rest: Any) -> None:
        self.arguments[name] = rest[-2]

    add_string_argument = add_int_argument = add_double_argument = add_choice_argument = _take

    def _result(self, name: str, *_rest: Any) -> None:
        self.results.append(name)

    add_layer_return_value = add_string_return_value = _result

    def _ignore(self, *_: Any) -> None:
        """Texts of which nothing depends."""

    set_menu_label = set_documentation = set_attribution = set_image_types = _ignore
    set_sensitivity_mask = _ignore

    def new_return_values(self, status: PDBStatusType, error: Any) -> Values:
        return Values(status, error)


class PDBErrorHandler(Enum):
    PLUGIN = 1


class PlugIn:
    @staticmethod
    def error_quark() -> int:
        return 7

    def set_pdb_error_handler(self, handler: PDBErrorHandler) -> None:
        """Errors are the plug-in's own matter."""


class Error(Exception):
    @classmethod
    def new_literal(cls, _quark: int, message: str, _code: int) -> Error:
        return cls(message)


class MainLoop:
    """Runs what `idle_add` was given, from any thread, until `quit`."""

    waiting: ClassVar[queue.SimpleQueue[Any]] = queue.SimpleQueue()

    def __init__(self) -> None:
        self._running = False

    def run(self) -> None:
        self._running = True
        while self._running:
            MainLoop.waiting.get(timeout=20)()

    def quit(self) -> None:
        self._running = False


class Value:
    def __init__(self, kind: Any, value: Any) -> None:
        self.kind, self.value = kind, value


_CONTEXT = ("context_push", "context_pop", "context_set_interpolation")


def modules() -> dict[str, ModuleType]:
    """Everything the plug-in imports, by module name."""
    gi, repository = ModuleType("gi"), ModuleType("gi.repository")
    gi.__dict__.update(require_version=lambda *_: None, repository=repository)
    gegl = _module("Gegl", Rectangle, AbyssPolicy, SamplerType, Buffer, Node)
    gegl.__dict__["init"] = lambda _arguments: None
    gimp = _module(
        "Gimp",
        *(ImageBaseType, ImageType, AddMaskType, LayerColorSpace, RunMode, PDBStatusType),
        *(PDBProcType, ProcedureSensitivityMask, Parasite, Layer, Selection, Choice),
        *(ImageProcedure, PlugIn, PDBErrorHandler, InterpolationType, Metadata),
    )
    gimp.__dict__.update(PARASITE_PERSISTENT=1, PARASITE_UNDOABLE=2, version=lambda: "3.0.4")
    for name in ("displays_flush", "progress_init", "progress_update", "progress_end", *_CONTEXT):
        gimp.__dict__[name] = lambda *_: True
    glib = _module("GLib", MainLoop, Error)
    glib.__dict__.update(idle_add=MainLoop.waiting.put, SOURCE_REMOVE=False)
    gobject = _module("GObject", ParamFlags, Value)
    found = (gi, repository, gegl, gimp, glib, gobject)
    return {module.__name__: module for module in found}


def _module(name: str, *members: Any) -> ModuleType:
    module = ModuleType(f"gi.repository.{name}")
    module.__dict__.update({member.__name__: member for member in members})
    return module


def pattern(width: int, height: int, channels: int) -> Pixels:
    """Pixels of which no two neighbours are alike."""
    numbers = itertools.islice(itertools.cycle(range(251)), width * height * channels)
    return np.fromiter(numbers, np.uint8).reshape(height, width, channels)
