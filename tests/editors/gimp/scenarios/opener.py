#!/usr/bin/env python3
"""An extension that opens the panel when a file asks for it, where the keyboard cannot.

A call of an interactive procedure waits for its window; here it is not the scenario that waits.
"""

import os
import sys
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gimp", "3.0")

from gi.repository import Gimp, GLib  # noqa: E402

ASKED = Path(os.environ.get("MAHLSTICK_OUT", "")) / "open-panel"
LOOK_MS = 100


class Opener(Gimp.PlugIn):
    """One procedure, which GIMP runs when it starts."""

    def do_set_i18n(self, _name: str) -> bool:
        return False

    def do_query_procedures(self) -> list[str]:
        return ["extension-mahlstick-opener"]

    def do_create_procedure(self, name: str) -> Any:
        return Gimp.Procedure.new(self, name, Gimp.PDBProcType.PERSISTENT, self._run, None)

    def _run(self, procedure: Any, _config: Any, _data: object) -> Any:
        procedure.persistent_ready()
        self.persistent_enable()
        GLib.timeout_add(LOOK_MS, _look)
        GLib.MainLoop().run()
        return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())


def _look() -> bool:
    if ASKED.exists():
        ASKED.unlink()
        procedure = Gimp.get_pdb().lookup_procedure("plug-in-mahlstick-panel")
        config = procedure.create_config()
        config.set_property("run-mode", Gimp.RunMode.INTERACTIVE)
        # Without an image: GIMP would hold on to a closed one as long as the call lasts.
        procedure.run(config)
    return True


Gimp.main(Opener.__gtype__, sys.argv)
