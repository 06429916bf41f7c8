"""Scripts that nobody watches: ten pictures one after the other, and a very large one."""

from __future__ import annotations

import stage
from gi.repository import Gegl, Gimp

LARGE = 4096
BOX = (3000, 1000, 300, 200)


def ten() -> dict[str, object]:
    """Each picture is loaded, painted into, saved and closed."""
    stage.connect("real")
    ended = []
    for number in range(10):
        image = stage.load(stage.ARGUMENTS["picture"])
        image.scale(240, 160)
        image.select_rectangle(Gimp.ChannelOps.REPLACE, 60, 20, 70, 50)
        before = stage.flat(image)
        mode = Gimp.RunMode.NONINTERACTIVE
        answer = stage.fill(image, mode, prompt="red", model="tiny", seed=str(number))
        stage.save(image, f"ten-{number}.png")
        changed = stage.flat(image) != before
        ended.append([answer.index(0).value_nick, stage.names(image), changed])
        image.delete()
    return {"ended": ended}


def large() -> dict[str, object]:
    """A small selection of 4096x4096 pixels is filled, then all of it is outpainted."""
    stage.connect("scripted")
    image = Gimp.Image.new(LARGE, LARGE, Gimp.ImageBaseType.RGB)
    mode = image.get_default_new_layer_mode()
    kind = Gimp.ImageType.RGB_IMAGE
    layer = Gimp.Layer.new(image, "ground", LARGE, LARGE, kind, 100.0, mode)
    image.insert_layer(layer, None, 0)
    layer.fill(Gimp.FillType.WHITE)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, *BOX)
    answer = stage.fill(image, Gimp.RunMode.NONINTERACTIVE, prompt="a moon in a large sky")
    filled = stage.answered(answer)["status"]
    whole = stage.flat(image)
    row = 3 * LARGE
    untouched = whole[: BOX[1] * row].count(255) + whole[(BOX[1] + BOX[3]) * row :].count(255)
    Gimp.Selection.none(image)
    grown = stage.call(
        "outpaint", image, Gimp.RunMode.NONINTERACTIVE, prompt="a larger sky", right=64
    )
    copy = image.duplicate()
    box = Gegl.Rectangle.new(0, 0, LARGE, LARGE)
    old = copy.flatten().get_buffer().get(box, 1.0, "R'G'B' u8", Gegl.AbyssPolicy.NONE)
    copy.delete()
    facts = {
        "filled": filled,
        "untouched": untouched,
        "grown": stage.answered(grown)["status"],
        "size": [image.get_width(), image.get_height()],
        "old_pixels_kept": old == whole,
    }
    image.delete()
    return facts
