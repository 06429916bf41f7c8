"""The translations: complete, true to their texts, and compiled so that gettext reads them."""

from __future__ import annotations

import ast
import gettext
import io
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugins import catalogues
from plugins.catalogues import Catalogue, CatalogueError, Entry, compiled, parse, read

LANGUAGES = catalogues.languages()
# What shows a text to the painter; the text is the first argument, or the one called `label`.
SHOWING = {
    *("setText", "setToolTip", "setAccessibleName", "setPlaceholderText", "setWindowTitle"),
    *("addRow", "addItem", "addAction", "setTitle", "QLabel", "QPushButton", "QCheckBox"),
    *("QToolButton", "QGroupBox", "setSpecialValueText", "setAccessibleDescription"),
    *("set_tooltip_text", "set_label", "set_text", "set_title", "add_button", "Label", "Button"),
    *("CheckButton", "ToggleButton", "Expander", "new_with_mnemonic", "new_with_label"),
    *("PainterError", "CanvasError", "set_menu_label"),
}
NAMES = {"Mahlstick", "×", "%", "px", " %", " px"}  # the same in every language


def test_german_is_complete_and_says_nothing_that_nobody_asks_for() -> None:
    assert LANGUAGES == ["de"]
    assert [line for language in LANGUAGES for line in catalogues.complaints(language)] == []


@pytest.fixture(scope="module", params=LANGUAGES)
def said(request: pytest.FixtureRequest) -> dict[Entry, tuple[str, ...]]:
    return read(request.param).said


def fields(text: str) -> set[tuple[str | None, str | None]]:
    """The values that a text names, with how they are shown."""
    return {(name, spec) for _, name, spec, _ in string.Formatter().parse(text) if name}


def test_a_translation_names_the_same_values(said: dict[Entry, tuple[str, ...]]) -> None:
    for entry, forms in said.items():
        assert {frozenset(fields(form)) for form in forms} == {frozenset(fields(entry.text))}, entry


def test_a_translation_has_a_key_to_press_where_its_text_has_one(
    said: dict[Entry, tuple[str, ...]],
) -> None:
    for entry, forms in said.items():
        keys = {len(re.findall(r"_(?=\w)", text)) for text in (entry.text, *forms)}
        assert len(keys) == 1, (entry.text, forms)


def test_a_translation_ends_as_its_text_does(said: dict[Entry, tuple[str, ...]]) -> None:
    def end(text: str) -> str:
        mark = text.replace("...", "…")[-1:]
        return mark if mark in ".…:?!" else ""

    for entry, forms in said.items():
        assert {end(form) for form in forms} == {end(entry.text)}, entry.text


def calls() -> Iterator[tuple[str, ast.Call, str]]:
    """Every call in the sources that is by a name: where, the call, the name."""
    for path in catalogues.sources():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                yield f"{path.name}:{node.lineno}", node, name


def test_only_whole_literals_are_translated() -> None:
    """A text that is put together first would be in no catalogue."""
    pieced = (ast.JoinedStr, ast.BinOp)
    found = [
        where
        for where, call, name in calls()
        if name in catalogues.CALLS and any(isinstance(arg, pieced) for arg in call.args)
    ]
    assert found == []


def test_what_painters_see_is_translated() -> None:
    found = [
        f"{where} shows {text!r} in English only: say tr({text!r})"
        for where, call, name in calls()
        if name in SHOWING
        for text in shown(call)
        if re.search("[a-zA-Z]{2}", text) and text not in NAMES
    ]
    assert found == []


def shown(call: ast.Call) -> list[str]:
    """The literal texts that a call shows; of a text put together, what is literal in it."""
    labels = [keyword.value for keyword in call.keywords if keyword.arg in ("label", "title")]
    found = []
    for argument in [*call.args[:1], *labels]:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            found.append(argument.value)
        elif isinstance(argument, ast.JoinedStr):
            parts = [part.value for part in argument.values if isinstance(part, ast.Constant)]
            found += [part for part in parts if isinstance(part, str)]
    return found


def test_gettext_reads_what_is_compiled(said: dict[Entry, tuple[str, ...]]) -> None:
    catalogue = read(LANGUAGES[0])
    spoken = gettext.GNUTranslations(io.BytesIO(compiled(catalogue)))
    for entry, forms in said.items():
        if entry.plural:
            assert spoken.ngettext(entry.text, entry.plural, 1) == forms[0]
            assert spoken.ngettext(entry.text, entry.plural, 2) == forms[1]
        else:
            assert spoken.gettext(entry.text) == forms[0]
    assert spoken.charset() == "UTF-8"
    assert spoken.gettext("nobody says this") == "nobody says this"


def test_a_text_without_translation_is_left_to_the_original() -> None:
    catalogue = Catalogue("Content-Type: text/plain; charset=UTF-8\n", {Entry("a"): ("",)})
    spoken = gettext.GNUTranslations(io.BytesIO(compiled(catalogue)))
    assert spoken.gettext("a") == "a"


def test_a_catalogue_is_read_with_comments_long_lines_and_plurals() -> None:
    text = """# a comment
msgid ""
msgstr ""
"Language: de\\n"

#: place
msgid ""
"one "
"\\"two\\""
msgstr "eins zwei"

msgid "{n} dog"
msgid_plural "{n} dogs"
msgstr[0] "{n} Hund"
msgstr[1] "{n} Hunde"
"""
    catalogue = parse(text)
    assert catalogue.header == "Language: de\n"
    assert catalogue.said == {
        Entry('one "two"'): ("eins zwei",),
        Entry("{n} dog", "{n} dogs"): ("{n} Hund", "{n} Hunde"),
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('msgid "a"\nmsgstr b\n', "line 2: expected a text"),
        ('msgid "a"\nnonsense "b"\n', "line 2: .* is no line of a .po file"),
        ('msgid "a\nmsgstr "b"\n', "line 1: expected a text"),
        ('msgid "a"\nmsgstr "b"\nmsgid "a"\nmsgstr "c"\n', "has 'a' twice"),
    ],
)
def test_a_damaged_catalogue_is_told_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(CatalogueError, match=sentence):
        parse(text)


def test_texts_are_found_where_the_sources_say_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "plugins" / "x.py"
    source.parent.mkdir()
    source.write_text(
        'tr("a", n=1)\nnoted("b" " c")\ntrn("{n} d", "{n} ds", 2)\ntr(variable)\n'
        'Text("name", "E_f", "what", 3)\nother("g")\ntr("a")\n'
    )
    monkeypatch.setattr(catalogues, "PLUGINS", source.parent)
    found = catalogues.texts([source])
    assert set(found) == {
        Entry("a"),
        Entry("b c"),
        Entry("{n} d", "{n} ds"),
        Entry("E_f"),
        Entry("what"),
    }
    assert found[Entry("a")] == "plugins/x.py:1"


def test_the_command_line_says_what_is_amiss(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(catalogues, "complaints", lambda language: [f"{language}: amiss"])
    assert catalogues.main() == 1
    assert capsys.readouterr().out == "de: amiss\n"


def test_a_bundle_carries_the_compiled_catalogues(tmp_path: Path) -> None:
    catalogues.write(tmp_path)
    found = gettext.translation("mahlstick", tmp_path / "locale", ["de_AT"])
    assert found.gettext("Start Mahlstick") == "Mahlstick starten"
