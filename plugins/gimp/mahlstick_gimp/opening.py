"""One panel at a time: the menu entry opens it, or brings the open one to the front.

GIMP has no dockables for plug-ins, and starts every call of a procedure in a process of its own.
An ordinary procedure whose window stays open is a panel, too: GIMP is not blocked by it. It costs
nothing until it is opened, and can be opened again should it ever end; an extension that GIMP
starts with itself would do neither. While the panel is open it offers a temporary procedure, which
the next call finds.
"""

from __future__ import annotations

from .host import Foreign, Gimp, GLib

SHOW = "plug-in-mahlstick-panel-show"


def open_panel(plugin: Foreign, image: Foreign, config: Foreign) -> bool:
    """Show the panel until the painter closes it; or, False, the one that is open, at once."""
    if Gimp.get_pdb().procedure_exists(SHOW):
        _call(image)
        return False
    from .panel import Panel  # it needs a screen
    from .widgets import GimpUi

    GimpUi.init("mahlstick-panel")
    panel = Panel(image, config)

    def show(
        procedure: Foreign,
        _mode: Foreign,
        image: Foreign,
        _drawables: list[Foreign],
        _config: Foreign,
        _data: object,
    ) -> Foreign:
        panel.show(image)
        return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())

    kind = Gimp.PDBProcType.TEMPORARY
    procedure = Gimp.ImageProcedure.new(plugin, SHOW, kind, show, None)
    mask = Gimp.ProcedureSensitivityMask
    procedure.set_sensitivity_mask(mask.DRAWABLE | mask.NO_IMAGE)
    procedure.set_documentation("Bring Mahlstick's panel to the front", "", SHOW)
    plugin.add_temp_procedure(procedure)
    plugin.persistent_enable()  # or nobody would listen to calls of it
    panel.run()
    return True


def _call(image: Foreign) -> None:
    procedure = Gimp.get_pdb().lookup_procedure(SHOW)
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    if image is not None:
        config.set_property("image", image)
        config.set_core_object_array("drawables", image.get_selected_layers())
    procedure.run(config)
