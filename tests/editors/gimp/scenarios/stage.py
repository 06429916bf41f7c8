"""What every scenario inside GIMP shares: reading pictures, calling our procedure, facts."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")

from gi.repository import Gegl, Gimp, Gio  # noqa: E402

OUT = Path(os.environ["MAHLSTICK_OUT"])
ARGUMENTS: dict[str, str] = json.loads(os.environ["MAHLSTICK_ARGUMENTS"])
PREFIX = "plug-in-mahlstick-"


def tell(scenes: dict[str, Callable[[], dict[str, object]]]) -> None:
    """Play the scenes one after the other; their facts, or tracebacks, go into the report.

    So do the seconds that each took, for who wants to know where a slow run's time went.
    """
    Gegl.init(None)
    facts: dict[str, object] = {}
    errors: dict[str, str] = {}
    seconds: dict[str, float] = {}
    for name, scene in scenes.items():
        began = time.monotonic()
        try:
            facts[name] = scene()
        except Exception:  # noqa: BLE001 - it is told to the test
            errors[name] = traceback.format_exc()
        seconds[name] = round(time.monotonic() - began, 1)
    told = json.dumps({"facts": facts, "errors": errors, "error": "", "seconds": seconds})
    (OUT / "report.json").write_text(told, encoding="utf-8")
    sys.stdout.flush()


def connect(bridge: str) -> None:
    """Let the plug-in find this bridge from now on."""
    file = Path(os.environ["MAHLSTICK_CONNECTION"])
    fresh = file.with_suffix(".new")
    fresh.write_bytes((OUT.parent / f"{bridge}.json").read_bytes())
    fresh.replace(file)


def load(path: str) -> Any:
    """The image in a file."""
    return Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(path))


def save(image: Any, name: str) -> None:
    """Write an image into the folder the test reads; the name says the format."""
    file = Gio.File.new_for_path(str(OUT / name))
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, file, None)


def flat(image: Any) -> bytes:
    """RGB of all that is visible, as saving it to a flat format would give."""
    copy = image.duplicate()
    try:
        return pixels(copy.flatten(), "R'G'B' u8")
    finally:
        copy.delete()


def pixels(drawable: Any, pixel_format: str) -> bytes:
    """All pixels of a drawable."""
    box = Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())
    return drawable.get_buffer().get(box, 1.0, pixel_format, Gegl.AbyssPolicy.NONE)


def fill(image: Any, mode: Any, **settings: object) -> Any:
    """Call the procedure that fills the selection; GIMP's own return values."""
    return call("fill-selection", image, mode, **settings)


def call(verb: str, image: Any, mode: Any, **settings: object) -> Any:
    """Call one of our procedures; GIMP's own return values."""
    procedure = Gimp.get_pdb().lookup_procedure(PREFIX + verb)
    if procedure is None:
        raise AssertionError(f"GIMP does not know {PREFIX}{verb}.")
    config = procedure.create_config()
    config.set_property("run-mode", mode)
    config.set_property("image", image)
    config.set_core_object_array("drawables", image.get_selected_layers())
    for name, value in settings.items():
        config.set_property(name.replace("_", "-"), value)
    return procedure.run(config)


def keep(name: str, data: bytes) -> None:
    """Write bytes into the folder the test reads."""
    (OUT / name).write_bytes(data)


def names(image: Any) -> list[str]:
    """The layers' names, top first."""
    return [layer.get_name() for layer in image.get_layers()]


def answered(answer: Any) -> dict[str, object]:
    """How a call of ours ended."""
    told = Gimp.get_pdb().get_last_error()
    return {"status": answer.index(0).value_nick, "message": told}


def recipe(layer: Any) -> dict[str, object]:
    """What our parasite on a layer says."""
    parasite = layer.get_parasite("mahlstick-painting")
    return json.loads(bytes(parasite.get_data())) if parasite else {}


def history(image: Any) -> list[dict[str, object]]:
    """What the image remembers of what was painted in it, newest first."""
    parasite = image.get_parasite("mahlstick-history")
    return json.loads(bytes(parasite.get_data())) if parasite else []
