"""A script calls every procedure once, on a small picture with the real engine."""

from __future__ import annotations

from typing import Any

import stage
from gi.repository import Gegl, Gimp

SIZE = (240, 160)
SIDES = {"left": 40, "top": 0, "right": 24, "bottom": 16}
CALLS: dict[str, dict[str, Any]] = {
    "generate-layer": {},
    "refine": {"strength": 0.6},
    "vary-layer": {},
    "outpaint": SIDES,
    "upscale": {"factor": 1.5},
}


def scene() -> dict[str, object]:
    """Each on a copy of its own."""
    stage.connect("real")
    picture = stage.load(stage.ARGUMENTS["picture"])
    picture.scale(*SIZE)
    facts: dict[str, object] = {}
    for verb, settings in CALLS.items():
        image = picture.duplicate()
        facts[verb] = _call(image, verb, settings)
        stage.save(image, f"{verb}.png")
        image.delete()
    facts["fill-transparent"] = _fill_hole(picture.duplicate())
    picture.delete()
    return facts


def repainting() -> dict[str, object]:
    """A layer is painted once more with another seed."""
    stage.connect("real")
    image = stage.load(stage.ARGUMENTS["picture"])
    image.scale(*SIZE)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 60, 20, 70, 50)
    mode = Gimp.RunMode.NONINTERACTIVE
    before = stage.flat(image)
    stage.fill(image, mode, prompt="red", model="tiny", seed="7")
    first = image.get_layers()[0]
    Gimp.Selection.none(image)  # it is the layer's own mask that counts
    image.set_selected_layers([first])
    answer = stage.call("repaint-layer", image, mode)
    second = image.get_layers()[0]
    facts = {
        **stage.answered(answer),
        "layers": stage.names(image),
        "visible": [layer.get_visible() for layer in image.get_layers()],
        "recipes": [stage.recipe(layer) for layer in (first, second)],
        "outside_kept": _outside(before) == _outside(stage.flat(image)),
        "inside_differs": stage.pixels(first, "R'G'B' u8") != stage.pixels(second, "R'G'B' u8"),
        "same_place": list(first.get_offsets())[1:] == list(second.get_offsets())[1:],
    }
    image.delete()
    return facts


def _outside(rgb: bytes) -> bytes:
    """The pixels that were not selected."""
    width = 3 * SIZE[0]
    rows = [bytearray(rgb[y * width : (y + 1) * width]) for y in range(SIZE[1])]
    for row in rows[20:70]:
        row[3 * 60 : 3 * 130] = bytes(3 * 70)
    return b"".join(rows)


def _call(image: Any, verb: str, settings: dict[str, Any]) -> dict[str, object]:
    before = stage.flat(image)
    mode = Gimp.RunMode.NONINTERACTIVE
    answer = stage.call(verb, image, mode, prompt="red", model="tiny", seed="7", **settings)
    left, top = settings.get("left", 0), settings.get("top", 0)
    background = image.get_layers()[-1]
    at = background.get_offsets()
    return {
        **stage.answered(answer),
        "layers": stage.names(image),
        "size": [image.get_width(), image.get_height()],
        "background_at": [at.offset_x, at.offset_y],
        "background_size": [background.get_width(), background.get_height()],
        "old_pixels_kept": _part(image, left, top) == before,
        "mode": stage.recipe(image.get_layers()[0]).get("mode"),
    }


def _fill_hole(image: Any) -> dict[str, object]:
    layer = image.get_layers()[0]
    layer.add_alpha()
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 60, 20, 70, 50)
    layer.edit_clear()
    Gimp.Selection.none(image)
    mode = Gimp.RunMode.NONINTERACTIVE
    answer = stage.fill(image, mode, prompt="red", model="tiny", seed="7")
    seen = Gimp.Layer.new_from_visible(image, image, "seen")
    alpha = stage.pixels(seen, "R'G'B'A u8")[3::4]
    seen.delete()
    facts = {
        **stage.answered(answer),
        "layers": stage.names(image),
        "holes": len(alpha) - alpha.count(255),
        "painted": len(stage.pixels(image.get_layers()[0].get_mask(), "Y u8").strip(b"\0")),
    }
    image.delete()
    return facts


def _part(image: Any, left: int, top: int) -> bytes:
    copy = image.duplicate()
    try:
        box = Gegl.Rectangle.new(left, top, *SIZE)
        buffer = copy.flatten().get_buffer()
        return buffer.get(box, 1.0, "R'G'B' u8", Gegl.AbyssPolicy.NONE)
    finally:
        copy.delete()
