"""Everything a script can ask of the plug-in, in one GIMP without a screen."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.environ["MAHLSTICK_OUT"]) + "/scenarios")

import actions
import batches
import filling
import kinds
import stage
import troubles

stage.tell(
    {
        "scripted": filling.scripted,
        "tiny": filling.tiny,
        "embedded": filling.embedded,
        "actions": actions.scene,
        "repainting": actions.repainting,
        "kinds": kinds.scene,
        "ten": batches.ten,
        "large": batches.large,
        "killed": troubles.killed,
        "troubles": troubles.scene,
    }
)
