"""What GIMP finds in this plug-in: its procedures, their menu entries and arguments.

Interactive runs open a window; runs without one, and runs with the last values, paint and return.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from .actions import ACTIONS, PREFIX, Action
from .arguments import read_settings
from .batch import paint
from .canvas import Canvas
from .errors import PainterError
from .host import Foreign, Gegl, Gimp, GLib, GObject
from .job import Outcome
from .language import noted, tr
from .newpicture import ask_for_picture
from .tasks import PANEL

MENU = "<Image>/Filters/Mahlstick"
PANEL_NAME = PREFIX + "panel"
log = logging.getLogger(__name__)
_BY_NAME = {action.procedure: action for action in ACTIONS}
_ABOUT_PANEL = (
    "Everything the other procedures do, with previews, candidates, live mode and a history of the "
    "image, in a window that follows the painter from image to image. For interactive use only."
)
_ALWAYS = (
    Gimp.ProcedureSensitivityMask.DRAWABLE
    | Gimp.ProcedureSensitivityMask.DRAWABLES
    | Gimp.ProcedureSensitivityMask.NO_DRAWABLES
    | Gimp.ProcedureSensitivityMask.NO_IMAGE
)


class Mahlstick(Gimp.PlugIn):
    """The plug-in as GIMP sees it."""

    def do_set_i18n(self, _name: str) -> bool:
        """Tell GIMP that there are no translations to look for."""
        return False

    def do_query_procedures(self) -> list[str]:
        """Return the names of the procedures."""
        return [*_BY_NAME, PANEL_NAME]

    def do_create_procedure(self, name: str) -> Foreign:
        """Return the procedure of this name, with texts, menu entry and arguments."""
        action = _BY_NAME.get(name)
        if action is None:
            return self._create_panel(name)
        procedure = self._create(name, action.label, _run, action)
        procedure.set_documentation(tr(action.blurb), action.about, name)
        for argument in action.arguments:
            argument.declare(procedure)
        _declare_results(procedure)
        return procedure

    def _create_panel(self, name: str) -> Foreign:
        procedure = self._create(name, noted("_Panel"), _run_panel, self)
        blurb = noted("A window for painting that stays open while you work")
        procedure.set_documentation(tr(blurb), _ABOUT_PANEL, name)
        for argument in PANEL:
            argument.declare(procedure)
        return procedure

    def _create(self, name: str, label: str, run: Callable[..., Foreign], data: object) -> Foreign:
        kind = Gimp.PDBProcType.PLUGIN
        procedure = Gimp.ImageProcedure.new(self, name, kind, run, data)
        procedure.set_menu_label(tr(label))
        procedure.add_menu_path(MENU)
        procedure.set_attribution("The Mahlstick founders", "The Mahlstick founders", "2026")
        procedure.set_image_types("*")
        # Never grey: what is missing is said in a sentence when the entry is chosen.
        procedure.set_sensitivity_mask(_ALWAYS)
        return procedure


def _declare_results(procedure: Foreign) -> None:
    flags = GObject.ParamFlags.READWRITE
    procedure.add_layer_return_value("layer", "Layer", "The new layer", True, flags)
    procedure.add_string_return_value("seed", "Seed", "What repeats the result", "", flags)
    procedure.add_string_return_value("notes", "Notes", "What the painter should know", "", flags)


def _run(
    procedure: Foreign,
    run_mode: Foreign,
    image: Foreign,
    drawables: list[Foreign],
    config: Foreign,
    action: Action,
) -> Foreign:
    def ran() -> Outcome:
        return _runner(run_mode, image)(action, image, drawables, config)

    outcome = _sheltered(procedure, ran)
    return _answer(procedure, outcome)


def _run_panel(
    procedure: Foreign,
    run_mode: Foreign,
    image: Foreign,
    _drawables: list[Foreign],
    config: Foreign,
    plugin: Foreign,
) -> Foreign:
    def opened() -> Outcome:
        if run_mode != Gimp.RunMode.INTERACTIVE:
            raise PainterError(
                tr("The panel is a window: call it interactively. Scripts call the others.")
            )
        from .opening import open_panel

        return Outcome("finished" if open_panel(plugin, image, config) else "cancelled")

    outcome = _sheltered(procedure, opened)
    if outcome.ending == "finished":  # GIMP keeps the panel's values then
        return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())
    return _answer(procedure, outcome)


def _sheltered(procedure: Foreign, run: Callable[[], Outcome]) -> Outcome:
    """What a run brings; whatever goes wrong in it is a sentence for the painter."""
    Gegl.init(None)  # without it, scaled reads are silently black
    # What the painter closed between a question and the next is no error for GIMP to tell of.
    procedure.get_plug_in().set_pdb_error_handler(Gimp.PDBErrorHandler.PLUGIN)
    try:
        return run()
    except PainterError as error:
        return Outcome("failed", str(error))
    except Exception as fault:  # the outermost call of the process: GIMP would show a traceback
        log.exception("the procedure failed")
        return Outcome(
            "failed",
            tr("Mahlstick met a fault of its own ({fault}). Please report it.", fault=repr(fault)),
        )


def _runner(run_mode: Foreign, image: Foreign) -> Callable[..., Outcome]:
    if run_mode == Gimp.RunMode.INTERACTIVE:
        return _run_window
    if image is None:
        raise PainterError(tr("No picture is open. Open one or make a new one, then try again."))
    return _run_batch


def _run_batch(
    action: Action, image: Foreign, drawables: list[Foreign], config: Foreign
) -> Outcome:
    settings = read_settings(config, action.arguments)
    canvas = Canvas(image, drawables, settings.source)
    canvas.require_paintable()
    return paint(canvas, action.ask(canvas, settings))


def _run_window(
    action: Action, image: Foreign, drawables: list[Foreign], config: Foreign
) -> Outcome:
    from .dialog import run  # it needs a screen, which a batch run may not have

    if image is None:
        image = ask_for_picture()
        drawables = image.get_selected_layers()
    return run(action, image, drawables, config)


def _answer(procedure: Foreign, outcome: Outcome) -> Foreign:
    if outcome.ending == "failed":
        error = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), outcome.message, 0)
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, error)
    if outcome.ending == "cancelled":
        return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, GLib.Error())
    values = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())
    seed = "" if outcome.seed is None else str(outcome.seed)
    # While the window was still open the painter may have undone what he painted in it.
    layer = outcome.layer if outcome.layer is not None and outcome.layer.is_valid() else None
    results = ((Gimp.Layer, layer), (str, seed), (str, outcome.message))
    for index, (kind, value) in enumerate(results, start=1):
        values.remove(index)
        values.insert(index, GObject.Value(kind, value))
    return values
