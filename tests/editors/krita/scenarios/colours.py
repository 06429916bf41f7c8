"""Documents that are not 8 bit sRGB: what is sent is, what comes back is in the document's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from krita import Selection
from scene import idle, open_panel

SRGB = ("RGBA", "U8", "sRGB-elle-V2-srgbtrc.icc")
BOX = (40, 30, 80, 60)
SPACES = {
    "gray": ("GRAYA", "U8", "Gray-D50-elle-V2-srgbtrc.icc"),
    "16bit": ("RGBA", "U16", "sRGB-elle-V2-srgbtrc.icc"),
    "linear": ("RGBA", "F32", "sRGB-elle-V2-g10.icc"),
    "adobe": ("RGBA", "U8", "ClayRGB-elle-V2-srgbtrc.icc"),
}


def scenario(stage: Any) -> Iterator[None]:
    """Fill the same selection in one document of every kind; then try one of ink."""
    for name, space in SPACES.items():
        yield from fill(stage, name, space)
    document = yield from open_in(stage, ("CMYKA", "U8", ""))
    panel = yield from open_panel(stage, "Fill selection")
    stage.app.action("mahlstick_paint").trigger()
    yield from stage.rest(0.3)
    stage.facts["ink"] = panel.status.text()
    stage.facts["ink_layers"] = [n.name() for n in document.rootNode().childNodes()]


def fill(stage: Any, name: str, space: tuple[str, str, str]) -> Iterator[None]:
    """Fill the selection in a document of this kind, and close it."""
    document = yield from open_in(stage, space)
    panel = yield from open_panel(stage, "Fill selection")
    save_native(stage, document, f"{name}-before")
    panel.prompt.setPlainText(name)
    stage.app.action("mahlstick_paint").trigger()
    yield from stage.until(lambda: panel.busy, f"{name} has begun")
    yield from idle(stage, panel)
    stage.facts[name] = panel.status.text()
    save_native(stage, document, f"{name}-after")
    save_srgb(stage, document, f"{name}-after-srgb")
    stage.facts[f"{name}_open"] = len(stage.app.documents())
    document.setModified(False)
    document.close()
    yield from stage.until(lambda: not stage.app.documents(), f"{name} is closed")


def open_in(stage: Any, space: tuple[str, str, str]) -> Iterator[None]:
    """The small picture, converted by Krita, with a selection."""
    size = int(stage.arguments["small_width"]), int(stage.arguments["small_height"])
    pixels = Path(stage.arguments["small"]).read_bytes()
    document = yield from stage.open(*size, pixels)
    document.setColorSpace(*space)
    document.waitForDone()
    selection = Selection()
    selection.select(*BOX, 255)
    document.setSelection(selection)
    yield from stage.rest(0.4)
    return document


def save_native(stage: Any, document: Any, name: str) -> None:
    """Save the merged picture in the document's own bytes."""
    stage.save_pixels(document, f"{name}.native")


def save_srgb(stage: Any, document: Any, name: str) -> None:
    """Save the merged picture as Krita itself converts it."""
    copy = document.clone()
    copy.setColorSpace(*SRGB)
    stage.save_pixels(copy, f"{name}.bgra")
    copy.setModified(False)
    copy.close()
