"""Everything a painter does with the plug-in's windows, in one GIMP on a screen."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.environ["MAHLSTICK_OUT"]) + "/scenarios")

import functools

import panel
import stage
import window
from painter import Desk

SCENES = {
    "window": window.scene,
    "candidates": window.candidates,
    "embedded": window.embedded,
    "opening": panel.opening,
    "painting": panel.painting,
    "minds changed": panel.minds_changed,
    "live": panel.live,
    "history": panel.history,
    "closing": panel.closing,
}

desk = Desk()
stage.tell({name: functools.partial(scene, desk) for name, scene in SCENES.items()})
