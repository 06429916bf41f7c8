"""A script calls every other procedure once, on a small picture with two layers."""

import os
import sys
from typing import Any

sys.path.insert(0, os.path.dirname(os.environ["MAHLSTICK_OUT"]) + "/scenarios")

import stage
from gi.repository import Gegl, Gimp

SIZE = (240, 160)
SIDES = {"left": 40, "top": 0, "right": 24, "bottom": 16}


def scenario() -> dict[str, object]:
    picture = stage.load(stage.ARGUMENTS["picture"])
    picture.scale(*SIZE)
    facts: dict[str, object] = {}
    for verb, settings in {
        "generate-layer": {},
        "refine": {"strength": 0.6},
        "vary-layer": {},
        "outpaint": SIDES,
    }.items():
        image = picture.duplicate()
        facts[verb] = _call(image, verb, settings)
        stage.save(image, f"{verb}.png")
    return facts


def _call(image: Any, verb: str, settings: dict[str, Any]) -> dict[str, object]:
    before = stage.flat(image)
    mode = Gimp.RunMode.NONINTERACTIVE
    answer = stage.call(verb, image, mode, prompt="red", model="tiny", seed="7", **settings)
    left, top = settings.get("left", 0), settings.get("top", 0)
    background = image.get_layers()[-1].get_offsets()
    return {
        "status": answer.index(0).value_nick,
        "message": Gimp.get_pdb().get_last_error(),
        "layers": stage.names(image),
        "size": [image.get_width(), image.get_height()],
        "background_at": [background.offset_x, background.offset_y],
        "old_pixels_kept": _part(image, left, top) == before,
        "mode": stage.recipe(image.get_layers()[0]).get("mode"),
    }


def _part(image: Any, left: int, top: int) -> bytes:
    copy = image.duplicate()
    try:
        box = Gegl.Rectangle.new(left, top, *SIZE)
        buffer = copy.flatten().get_buffer()
        return buffer.get(box, 1.0, "R'G'B' u8", Gegl.AbyssPolicy.NONE)
    finally:
        copy.delete()


stage.tell(scenario)
