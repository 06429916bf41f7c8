"""The painter's language: which is chosen, and what is said in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.wire import language
from bridge.wire.language import languages, noted, speak, tr, trn
from plugins.catalogues import Catalogue, Entry, compiled

HEADER = "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n != 1);\n"
SAID = {
    Entry("Cancel"): ("Abbrechen",),
    Entry("Step {step} of {steps}"): ("Schritt {step} von {steps}",),
    Entry("{n} picture", "{n} pictures"): ("{n} Bild", "{n} Bilder"),
}


@pytest.fixture(autouse=True)
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder with a German catalogue, and nothing chosen."""
    file = tmp_path / "de" / "LC_MESSAGES" / "mahlstick.mo"
    file.parent.mkdir(parents=True)
    file.write_bytes(compiled(Catalogue(HEADER, SAID)))
    monkeypatch.setattr(language, "FOLDER", tmp_path)
    language._catalogue.cache_clear()
    yield
    speak()
    language._catalogue.cache_clear()


@pytest.mark.parametrize("chosen", ["de", "de_AT", "de_DE.UTF-8", "de_CH@euro"])
def test_a_text_is_said_in_the_painters_language(chosen: str) -> None:
    speak(chosen)
    assert tr("Cancel") == "Abbrechen"
    assert tr("Step {step} of {steps}", step=3, steps=20) == "Schritt 3 von 20"


@pytest.mark.parametrize("chosen", ["fr_FR", "C", "en_GB", "", "../de"])
def test_where_there_is_no_catalogue_the_text_stays_as_it_is_written(chosen: str) -> None:
    speak(chosen)
    assert tr("Cancel") == "Cancel"
    assert trn("{n} picture", "{n} pictures", 2) == "2 pictures"


def test_numbers_have_their_forms() -> None:
    speak("de")
    assert trn("{n} picture", "{n} pictures", 1) == "1 Bild"
    assert trn("{n} picture", "{n} pictures", 0) == "0 Bilder"


def test_the_first_language_there_is_wins_and_english_is_one_of_them() -> None:
    speak("fr", "de", "en")
    assert tr("Cancel") == "Abbrechen"
    speak("en_US", "de")
    assert tr("Cancel") == "Cancel"


def test_a_text_nobody_translated_and_an_empty_one_are_said_as_they_are() -> None:
    speak("de")
    assert tr("New") == "New"
    assert tr("") == ""  # in a catalogue, the empty text is its header


def test_braces_are_only_read_where_values_are_given() -> None:
    assert tr("a {brace}") == "a {brace}"


def test_what_is_noted_is_the_text_itself() -> None:
    assert noted("Cancel") == "Cancel"


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({"LANGUAGE": "de:fr", "LANG": "it"}, ("de", "fr")),
        ({"LC_ALL": "it_IT.UTF-8", "LANG": "de"}, ("it_IT.UTF-8",)),
        ({"LANGUAGE": "", "LANG": "de_DE.UTF-8"}, ("de_DE.UTF-8",)),
        ({}, ()),
    ],
)
def test_the_environment_is_asked_in_gettexts_order(
    environment: dict[str, str], found: tuple[str, ...]
) -> None:
    assert languages(environment) == found
