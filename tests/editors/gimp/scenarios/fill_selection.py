"""A script fills a selection without any window; the result is saved as XCF and as PNG."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.environ["MAHLSTICK_OUT"]) + "/scenarios")

import stage
from gi.repository import Gimp


def scenario() -> dict[str, object]:
    image = stage.load(stage.ARGUMENTS["picture"])
    image.select_ellipse(Gimp.ChannelOps.REPLACE, 560, 60, 180, 150)
    selection = stage.pixels(image.get_selection(), "Y u8")
    before, layers = stage.flat(image), stage.names(image)
    answer = stage.fill(
        image,
        Gimp.RunMode.NONINTERACTIVE,
        prompt=stage.ARGUMENTS["prompt"],
        seed="12345",
        candidates=int(stage.ARGUMENTS["candidates"]),
        steps=int(stage.ARGUMENTS["steps"]),
        model=stage.ARGUMENTS.get("model", ""),
    )
    after = stage.flat(image)
    layer = image.get_layers()[0]
    stage.keep("before.rgb", before)
    stage.keep("selection.gray", selection)
    stage.save(image, "filled.xcf")
    stage.save(image, "filled.png")
    again = stage.load(str(stage.OUT / "filled.xcf"))
    return {
        "status": answer.index(0).value_nick,
        "message": Gimp.get_pdb().get_last_error(),
        "returned": [answer.index(n).get_name() if n == 1 else answer.index(n) for n in (1, 2, 3)],
        "layers_before": layers,
        "layers": stage.names(image),
        "selection_kept": stage.pixels(image.get_selection(), "Y u8") == selection,
        "active": [layer.get_name() for layer in image.get_selected_layers()],
        "has_mask": layer.get_mask() is not None,
        "edits_mask": layer.get_edit_mask(),
        "recipe": stage.recipe(again.get_layers()[0]),
        "xcf_equal": stage.flat(again) == after,
    }


stage.tell(scenario)
