"""The book of presets: what it holds, and what it makes of a painter's words."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from engine.embedded.words import Vocabulary
from engine.errors import PluginError, RequestError
from engine.prompts import Prompt
from engine.prompts.presets import Preset, applied, preset_book
from engine.weights import embedded_folder

BOOK = preset_book()


def test_the_book_has_sixty_presets_of_every_group() -> None:
    groups = Counter(preset.group for preset in BOOK.values())
    assert set(groups) == {"medium", "style", "light", "lens", "composition"}
    assert len(BOOK) >= 60
    assert min(groups.values()) >= 10


@pytest.mark.parametrize("preset", BOOK.values(), ids=BOOK)
def test_every_preset_is_read_with_words_and_without(preset: Preset) -> None:
    for words in ("a red (house:1.2)", ""):
        prompt, negative = preset.applied(words, "")
        assert words in prompt
        assert prompt.strip(" ,") == prompt
        assert Prompt.read(prompt).at(1, 20).text
        Prompt.read(negative)
    assert preset.title


def test_many_presets_use_only_words_of_the_embedded_model() -> None:
    folder = embedded_folder()
    if folder is None:
        pytest.skip("the embedded model was left out")
    vocabulary = Vocabulary.read(folder)
    known = [
        name
        for name, preset in BOOK.items()
        if not vocabulary.understand(preset.applied("moon", "")[0]).unknown_words
    ]
    promised = [name for name in BOOK if "embedded model" in BOOK[name].note]
    assert len(promised) >= 12
    assert set(promised) <= set(known)


def test_presets_are_laid_around_the_words_in_their_order() -> None:
    prompt, negative = applied(["pencil", "window"], BOOK, "an old boat", "people")
    assert prompt.startswith("graphite pencil study of an old boat, light construction")
    assert prompt.endswith("gentle falloff across the room")
    assert negative == "people, colour, paint"


def test_a_painters_folder_adds_presets_and_replaces_ours(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        '[pencil]\nprompt = "soft pencil"\n\n[rain]\nprompt = "% in 100% rain"\n'
    )
    mine = preset_book(tmp_path)
    assert applied(["pencil"], mine, "a boat", "")[0] == "a boat, soft pencil"
    assert mine["rain"].title == "Rain"
    assert mine["rain"].group == "mine"
    assert len(mine) == len(BOOK) + 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a]\ntitle = 'A'\n", "no `prompt`"),
        ("[a]\nprompt = 'x'\nweight = 3\n", "has weight"),
        ("[a]\nprompt = 5\n", "has prompt"),
        ("a = 1\n", "no `prompt`"),
        ("[a\n", "cannot be read"),
    ],
)
def test_a_broken_preset_is_named(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(PluginError, match=said) as error:
        preset_book(tmp_path)
    assert "mine.toml" in str(error.value)


def test_an_unknown_preset_and_too_many_are_refused() -> None:
    with pytest.raises(RequestError, match=r"no preset 'watercolor'.*watercolour") as error:
        applied(["watercolor"], BOOK, "", "")
    assert error.value.field == "presets"
    with pytest.raises(RequestError, match="13 presets"):
        applied(["pencil"] * 13, BOOK, "", "")
