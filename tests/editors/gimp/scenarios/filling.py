"""A script fills a selection; the result is saved as XCF, and exported as PNG and JPEG."""

from __future__ import annotations

import stage
from gi.repository import Gimp, Gio

SELECTION = (560, 60, 180, 150)


def scripted() -> dict[str, object]:
    """With the bridge that plays a part."""
    stage.connect("scripted")
    prompt = stage.ARGUMENTS["prompt"]
    return _filled("scripted", prompt=prompt, seed="12345", candidates=2, steps=3)


def tiny() -> dict[str, object]:
    """With the real bridge, and a model of which it is known what it paints."""
    stage.connect("real")
    return _filled("tiny", prompt="red", model="tiny", seed="12345", candidates=2)


def embedded() -> dict[str, object]:
    """With the real bridge and its own model."""
    stage.connect("real")
    settings = {"candidates": 1, "steps": 8, "result": "flattened"}
    return _filled("embedded", prompt="a full moon", **settings)


def _filled(name: str, **settings: object) -> dict[str, object]:
    image = stage.load(stage.ARGUMENTS["picture"])
    image.select_ellipse(Gimp.ChannelOps.REPLACE, *SELECTION)
    selection = stage.pixels(image.get_selection(), "Y u8")
    before = stage.flat(image)
    answer = stage.fill(image, Gimp.RunMode.NONINTERACTIVE, **settings)
    after = stage.flat(image)
    layer = image.get_layers()[0]
    stage.keep(f"{name}-before.rgb", before)
    stage.keep(f"{name}-after.rgb", after)
    stage.keep(f"{name}-selection.gray", selection)
    stage.save(image, f"{name}.xcf")
    _export(image, f"{name}.png", "png")
    _export(image, f"{name}.jpg", "jpeg")
    again = stage.load(str(stage.OUT / f"{name}.xcf"))
    facts = {
        **stage.answered(answer),
        "returned": [answer.index(n).get_name() if n == 1 else answer.index(n) for n in (1, 2, 3)],
        "layers": stage.names(image),
        "selection_kept": stage.pixels(image.get_selection(), "Y u8") == selection,
        "active": [layer.get_name() for layer in image.get_selected_layers()],
        "has_mask": layer.get_mask() is not None,
        "edits_mask": layer.get_edit_mask(),
        "recipe": stage.recipe(again.get_layers()[0]),
        "history": [entry["prompt"] for entry in stage.history(again)],
        "xcf_equal": stage.flat(again) == after,
    }
    image.delete()
    again.delete()
    return facts


def _export(image: object, name: str, kind: str) -> None:
    """As GIMP's own export dialog does with its usual settings: XMP goes along."""
    procedure = Gimp.get_pdb().lookup_procedure(f"file-{kind}-export")
    config = procedure.create_config()
    config.set_property("image", image)
    config.set_property("file", Gio.File.new_for_path(str(stage.OUT / name)))
    config.set_property("include-xmp", True)
    procedure.run(config)
