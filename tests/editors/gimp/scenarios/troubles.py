"""A script meets every trouble there is; the image must be as before after each."""

import os
import sys
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.environ["MAHLSTICK_OUT"]) + "/scenarios")

import stage
from gi.repository import Gimp


def scenario() -> dict[str, object]:
    image = stage.load(stage.ARGUMENTS["picture"])
    before = stage.flat(image)
    facts = {"no selection": _call(image)}
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 560, 60, 180, 150)
    facts["wrong seed"] = _call(image, seed="a moon")
    facts["failing"] = _call(image, prompt="failing")
    facts["vanishing"] = _call(image, prompt="vanishing")
    Path(os.environ["MAHLSTICK_CONNECTION"]).unlink()
    facts["no bridge"] = _call(image)
    same = stage.flat(image) == before
    return {"told": facts, "layers": stage.names(image), "as_before": same}


def _call(image: object, **settings: object) -> str:
    answer = stage.fill(image, Gimp.RunMode.NONINTERACTIVE, **settings)
    told = Gimp.get_pdb().get_last_error()
    return f"{answer.index(0).value_nick}: {told}"


stage.tell(scenario)
