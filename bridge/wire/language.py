"""The painter's language: `tr` gives a text of ours in it, or as it was written (English).

    tr("Painting: step {step} of {steps}.", step=3, steps=20)
    trn("{n} candidate", "{n} candidates", count)      # `n` is the count
    noted("Prompt")                                    # in a table: shown later through `tr`

Texts are looked up when they are shown, never while a module is imported. The catalogues are
gettext's; `plugins.build` makes them from `plugins/locale/*.po` and puts them into every bundle,
beside this package. The bridge has none, so what it logs stays English.
"""

from __future__ import annotations

import functools
import gettext
import os
import sys
from collections.abc import Mapping
from pathlib import Path

DOMAIN = "mahlstick"
FOLDER = Path(__file__).resolve().parents[1] / "locale"
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # in the order gettext asks them
# An editor speaks one language from its start to its end, in every thread.
_spoken: list[str] = []


def speak(*languages: str) -> None:
    """Use these languages, such as `de_AT`, the best first; none: those of the environment."""
    _spoken[:] = languages


def tr(text: str, **values: object) -> str:
    """Return a text in the painter's language, with values put where it names them."""
    said = _catalogue(languages()).gettext(text) if text else ""  # "" is the catalogue's header
    return said.format(**values) if values else said


def trn(one: str, many: str, n: int, **values: object) -> str:
    """Return the form for this number in the painter's language; `{n}` in it is the number."""
    return _catalogue(languages()).ngettext(one, many, n).format(n=n, **values)


def noted(text: str) -> str:
    """Return the text as it is: it belongs into the catalogues and is shown later through `tr`."""
    return text


def languages(environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the languages that are looked for, the best first."""
    if _spoken:
        return tuple(_spoken)
    known = os.environ if environment is None else environment
    for name in _VARIABLES:
        if known.get(name):
            return tuple(part for part in known[name].split(":") if part)
    return _of_the_system()


@functools.lru_cache(maxsize=8)
def _catalogue(wanted: tuple[str, ...]) -> gettext.NullTranslations:
    for language in wanted:
        # What a painter prefers to the languages we have is English, the texts' own.
        if language.partition("_")[0].partition(".")[0] in ("en", "C", "POSIX"):
            break
        found = gettext.find(DOMAIN, FOLDER, [language])
        if found:
            return gettext.translation(DOMAIN, FOLDER, [language])
    return gettext.NullTranslations()


if sys.platform == "win32":  # pragma: no cover - needs Windows

    def _of_the_system() -> tuple[str, ...]:
        import ctypes
        import locale

        number = ctypes.windll.kernel32.GetUserDefaultUILanguage()
        return (locale.windows_locale.get(number, "en"),)

else:

    def _of_the_system() -> tuple[str, ...]:
        return ()
