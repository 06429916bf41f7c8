"""A script fills a selection in every kind of image GIMP has, and gray goes there and back."""

from __future__ import annotations

import sys
from array import array
from pathlib import Path
from typing import Any

import stage
from gi.repository import Gegl, Gimp

BOX = (60, 20, 70, 50)
INTENT = Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC
PRECISIONS = (
    *("u8-linear", "u8-perceptual", "u16-linear", "u16-non-linear", "u32-linear", "u32-non-linear"),
    *("half-linear", "half-non-linear", "float-linear", "float-non-linear", "double-linear"),
)
FILLED = (  # each takes a start of the plug-in
    *("gray", "gray, linear float", "indexed", "u16-non-linear", "float-linear"),
    *("AdobeRGB", "AdobeRGB, linear float", "alpha", "small layer"),
)


def scene() -> dict[str, object]:
    """Each kind on a copy of its own; `facts["gray"]` is what became of mid-gray."""
    stage.connect("scripted")
    picture = stage.load(stage.ARGUMENTS["picture"])
    picture.scale(240, 160)
    makers = {
        "gray": _gray,
        "gray, linear float": _gray_float,
        "indexed": _indexed,
        **{name: _in_precision(name) for name in PRECISIONS},
        "AdobeRGB": _adobe,
        "AdobeRGB, linear float": _adobe_float,
        "alpha": lambda image: image.get_layers()[0].add_alpha(),
        "small layer": _small_layer,
    }
    facts: dict[str, object] = {}
    for kind, make in makers.items():
        image = picture.duplicate()
        make(image)
        filled = _fill(image) if kind in FILLED else {}
        facts[kind] = {"mid_gray": _there_and_back(image), **filled}
        image.delete()
    picture.delete()
    return facts


def _in_precision(name: str) -> Any:
    precision = getattr(Gimp.Precision, name.upper().replace("-", "_"))
    return lambda image: image.convert_precision(precision)


def _gray(image: Any) -> None:
    image.convert_grayscale()


def _gray_float(image: Any) -> None:
    image.convert_grayscale()
    image.convert_precision(Gimp.Precision.FLOAT_LINEAR)


def _indexed(image: Any) -> None:
    no_dither, palette = Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE
    image.convert_indexed(no_dither, palette, 255, False, False, "")


def _adobe(image: Any) -> None:
    image.convert_color_profile(Gimp.ColorProfile.new_rgb_adobe(), INTENT, False)


def _adobe_float(image: Any) -> None:
    _adobe(image)
    image.convert_precision(Gimp.Precision.FLOAT_LINEAR)


def _small_layer(image: Any) -> None:
    layer = image.get_layers()[0]
    layer.add_alpha()
    layer.resize(100, 60, -40, -10)


def _there_and_back(image: Any) -> list[int]:
    """Mid-gray as it is sent, and as it is read again from a layer that was painted with it."""
    folder = str(Path(Gimp.directory()) / "plug-ins" / "mahlstick")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    from mahlstick_gimp.canvas import PIXELS, Canvas, Place
    from mahlstick_gimp.layers import PaintLayer, Sheet
    from mahlstick_gimp.protocol import Rect

    copy = image.duplicate()
    layer = copy.get_layers()[0]
    box = Gegl.Rectangle.new(0, 0, layer.get_width(), layer.get_height())
    gray = b"\x80\x80\x80\xff" * (box.width * box.height)
    layer.get_buffer().set(box, PIXELS, gray)
    layer.get_buffer().flush()
    layer.update(0, 0, box.width, box.height)
    at = Rect(70, 25, 4, 4)
    sent = Canvas(copy, [layer]).snapshot(at).pixels
    paint = PaintLayer(copy, Sheet(Place(None, 0), "gray", at, b"\xff" * 16), {})
    paint.finish(sent, {})
    seen = Canvas(copy, [layer]).snapshot(at).pixels
    copy.delete()
    return [*sent[:3], *seen[:3]]


def _fill(image: Any) -> dict[str, object]:
    image.select_rectangle(Gimp.ChannelOps.REPLACE, *BOX)
    chosen = stage.pixels(image.get_selection(), "Y u8")
    before = _visible(image)
    answer = stage.fill(image, Gimp.RunMode.NONINTERACTIVE, prompt="a plain moon")
    after = _visible(image)
    layer = image.get_layers()[0]
    channels = len(before) // len(chosen)
    outside = [at for at in range(len(before)) if not chosen[at // channels]]
    return {
        **stage.answered(answer),
        "layers": len(image.get_layers()),
        "changed_outside": max(abs(before[at] - after[at]) for at in outside),
        "changed": before != after,
        "paint": stage.pixels(layer, "R'G'B' u8").hex() if len(image.get_layers()) > 1 else "",
    }


def _visible(image: Any) -> array[float]:
    """What is seen, in a format fine enough to hide no change."""
    layer = Gimp.Layer.new_from_visible(image, image, "seen")
    try:
        return array("f", bytes(stage.pixels(layer, "R'G'B'A float")))
    finally:
        layer.delete()
