"""A script fills a selection in every kind of image GIMP has."""

import os
import sys
from typing import Any

sys.path.insert(0, os.path.dirname(os.environ["MAHLSTICK_OUT"]) + "/scenarios")

import stage
from gi.repository import Gimp

BOX = (60, 20, 70, 50)
INTENT = Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC


def scenario() -> dict[str, object]:
    picture = stage.load(stage.ARGUMENTS["picture"])
    picture.scale(240, 160)
    makers = {
        "gray": _gray,
        "indexed": _indexed,
        "16 bit": lambda image: image.convert_precision(Gimp.Precision.U16_NON_LINEAR),
        "float, linear": lambda image: image.convert_precision(Gimp.Precision.FLOAT_LINEAR),
        "AdobeRGB": _adobe,
        "alpha": lambda image: image.get_layers()[0].add_alpha(),
        "small layer": _small_layer,
    }
    return {kind: _fill(picture.duplicate(), make) for kind, make in makers.items()}


def _gray(image: Any) -> None:
    image.convert_grayscale()


def _indexed(image: Any) -> None:
    no_dither, palette = Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE
    image.convert_indexed(no_dither, palette, 255, False, False, "")


def _adobe(image: Any) -> None:
    image.convert_color_profile(Gimp.ColorProfile.new_rgb_adobe(), INTENT, False)


def _small_layer(image: Any) -> None:
    layer = image.get_layers()[0]
    layer.add_alpha()
    layer.resize(100, 60, -40, -10)


def _fill(image: Any, make: Any) -> dict[str, object]:
    make(image)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, *BOX)
    chosen = stage.pixels(image.get_selection(), "Y u8")
    before = _visible(image)
    answer = stage.fill(image, Gimp.RunMode.NONINTERACTIVE, prompt=stage.ARGUMENTS["prompt"])
    after = _visible(image)
    layer = image.get_layers()[0]
    size = len(before) // len(chosen)
    pairs = zip(range(0, len(before), size), chosen, strict=True)
    outside = [at for at, value in pairs if not value]
    told = {
        "status": answer.index(0).value_nick,
        "message": Gimp.get_pdb().get_last_error(),
        "layers": len(image.get_layers()),
        "changed_outside": sum(before[at : at + size] != after[at : at + size] for at in outside),
        "changed": before != after,
        "paint": stage.pixels(layer, "R'G'B' u8").hex() if len(image.get_layers()) > 1 else "",
    }
    image.delete()
    return told


def _visible(image: Any) -> bytes:
    """What is seen, in a format fine enough to hide no change."""
    layer = Gimp.Layer.new_from_visible(image, image, "seen")
    try:
        return stage.pixels(layer, "R'G'B'A float")
    finally:
        layer.delete()


stage.tell(scenario)
