"""What editors say of the models that could be got: which, how large, and how."""

from __future__ import annotations

from collections.abc import Iterable

from .language import tr
from .messages import Obtainable

COMMAND = "mahlstick models pull {name}"
_OF_USE = ("paint", "upscale")  # in an editor; the others are for settings of the bridge


def wanted(obtainable: Iterable[Obtainable]) -> list[Obtainable]:
    """Return what a painter would choose from."""
    return [one for one in obtainable if one.use in _OF_USE]


def sentences(obtainable: Iterable[Obtainable]) -> str:
    """Return, in the painter's language, how a model is got, and a line for each."""
    there_are = wanted(obtainable)
    if not there_are:
        return tr("All models of the catalogue are there.")
    how = tr(
        "To get one of these models, type this in a terminal of the machine with the bridge:"
        " {command}. The model is in the list as soon as it is there.",
        command=COMMAND.format(name=there_are[0].name),
    )
    return "\n\n".join([how, *map(_line, there_are)])


def _line(one: Obtainable) -> str:
    return tr(
        "{name}: {title}, {size} GB, {licence}. {note}",
        name=one.name,
        title=one.title,
        size=f"{one.gigabytes:g}",
        licence=one.licence,
        note=one.note,
    )
