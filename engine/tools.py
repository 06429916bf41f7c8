"""The fills and upscalers that a job asked for, found among the plugins and held to their word."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.api import Box, Control, PaintRequest, Pixels, Size
from engine.calls import Implementation, called
from engine.canvas.tools import Tools
from engine.errors import ModelError, PluginError, RequestError
from engine.prefills import Prefill
from engine.upscalers import Upscaler

if TYPE_CHECKING:
    from engine.plugins import Extensions

HOLE, BORDER, UPSCALE = "surface", "continued", "lanczos"  # where a request names none


def chosen_tools(extensions: Extensions, request: PaintRequest, control: Control) -> Tools:
    """Return the tools a request names, or the usual ones; RequestError for an unknown name.

    What a tool raises, and an answer of another shape than asked, becomes a PluginError with its
    plugin's name.
    """
    holes = _found("prefill", request.prefill or HOLE, extensions.prefills)
    borders = _found("prefill", request.prefill or BORDER, extensions.prefills)
    upscaler = _found("upscaler", request.upscaler or UPSCALE, extensions.upscalers)
    owner = extensions.owner
    return Tools(
        hole=_filler(owner("prefill", request.prefill or HOLE), holes, control),
        border=_filler(owner("prefill", request.prefill or BORDER), borders, control),
        upscale=_enlarger(owner("upscaler", request.upscaler or UPSCALE), upscaler, control),
    )


def _found(kind: str, name: str, there_are: Mapping[str, Any]) -> Any:  # noqa: ANN401 - two kinds
    if name not in there_are:
        raise RequestError(kind, f"There is no {kind} {name!r}. There are: {', '.join(there_are)}.")
    return there_are[name]


def _filler(plugin: str, fill: Prefill, control: Control) -> Prefill:
    tool = Implementation(plugin, "mahlstick_prefills", fill, ("picture", "known", "box"))

    def filled(picture: Pixels, known: np.ndarray, box: Box | None) -> Pixels:
        made = called(tool, control, picture=picture, known=known, box=box)
        return _checked(tool, made, picture.shape)

    return filled


def _enlarger(plugin: str, upscale: Upscaler, control: Control) -> Upscaler:
    takes = ("picture", "size", "check") if _asks(upscale) else ("picture", "size")
    tool = Implementation(plugin, "mahlstick_upscalers", upscale, takes)

    def enlarged(picture: Pixels, size: Size) -> Pixels:
        try:
            made = called(tool, control, picture=picture, size=size, check=control.check)
        except PluginError as error:
            if isinstance(error.__cause__, ModelError):  # the file's fault, and no plugin's
                raise error.__cause__ from None
            raise
        return _checked(tool, made, (size.height, size.width, 4))

    return enlarged


def _asks(upscale: Upscaler) -> bool:
    """Tell whether an upscaler takes the question whether the job was cancelled."""
    try:
        return "check" in signature(upscale).parameters
    except ValueError:  # a function of another language tells nothing of itself
        return False


def _checked(tool: Implementation, made: object, shape: tuple[int, ...]) -> Pixels:
    if isinstance(made, np.ndarray) and made.shape == shape and made.dtype == np.uint8:
        return made
    told = f"{made.dtype} {made.shape}" if isinstance(made, np.ndarray) else repr(made)
    raise PluginError(
        f"The plugin {tool.plugin} made {told} where {tool.hook} asks for uint8 {shape}. "
        "Correct it or choose another tool."
    )
