"""A script meets every trouble there is; the image must be as before after each."""

from __future__ import annotations

import json
import os
from pathlib import Path

import stage
from gi.repository import Gimp


def scene() -> dict[str, object]:
    """The last scene of a GIMP: afterwards the plug-in finds no bridge."""
    stage.connect("scripted")
    image = stage.load(stage.ARGUMENTS["picture"])
    before = stage.flat(image)
    told = {"no selection": _call(image)}
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 560, 60, 180, 150)
    told["wrong seed"] = _call(image, seed="a moon")
    told["failing"] = _call(image, prompt="failing")
    told["vanishing"] = _call(image, prompt="vanishing")
    told["not ours"] = _said(stage.call("repaint-layer", image, Gimp.RunMode.NONINTERACTIVE))
    told["no sides"] = _said(stage.call("outpaint", image, Gimp.RunMode.NONINTERACTIVE))
    told["no screen"] = _said(_panel())
    stage.connect("real")
    file = Path(os.environ["MAHLSTICK_CONNECTION"])
    known = json.loads(file.read_text(encoding="utf-8"))
    told["unknown model"] = _call(image, model="a model that nobody has")
    file.write_text(json.dumps({**known, "token": "wrong" * 9}), encoding="utf-8")
    told["wrong token"] = _call(image)
    file.unlink()
    told["no bridge"] = _call(image)
    facts = {
        "told": told,
        "layers": stage.names(image),
        "as_before": stage.flat(image) == before,
        "size": [image.get_width(), image.get_height()],
    }
    image.delete()
    return facts


def killed() -> dict[str, object]:
    """GIMP's own Cancel kills the plug-in's process in mid-job; the test does it from outside."""
    stage.connect("real")
    image = stage.load(stage.ARGUMENTS["picture"])
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 560, 60, 180, 150)
    before = stage.flat(image)
    mode = Gimp.RunMode.NONINTERACTIVE
    stage.keep("to-be-killed", b"")
    answer = stage.fill(image, mode, prompt="a slow moon", candidates=16, steps=500)
    facts = {
        **stage.answered(answer),
        "layers": stage.names(image),
        "as_before": stage.flat(image) == before,
    }
    image.delete()
    return facts


def _call(image: object, **settings: object) -> str:
    return _said(stage.fill(image, Gimp.RunMode.NONINTERACTIVE, **settings))


def _panel() -> object:
    procedure = Gimp.get_pdb().lookup_procedure("plug-in-mahlstick-panel")
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    return procedure.run(config)


def _said(answer: object) -> str:
    told = stage.answered(answer)
    return f"{told['status']}: {told['message']}"
