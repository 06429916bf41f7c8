"""What the painter wrote and named before."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.gimp.mahlstick_gimp.memory import LONGEST, STYLES, Memory, Preset


def test_prompts_and_presets_are_there_again_next_time(tmp_path: Path) -> None:
    file = tmp_path / "mahlstick" / "memory.json"
    memory = Memory(file)
    memory.add_prompt("a moon ☾")
    memory.save(Preset("mine", "", {"steps": 7}))
    memory.keep({"steps": 9})
    again = Memory(file)
    assert again.values == {"steps": 9}
    assert again.prompts == ["a moon ☾"]
    assert again.presets == [*STYLES, Preset("mine", "", {"steps": 7})]
    assert again.own("mine")
    assert not again.own(STYLES[0].name)
    assert [path.name for path in file.parent.iterdir()] == ["memory.json"]


def test_the_newest_prompt_comes_first_and_only_once(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "m.json")
    for prompt in ("a", "b", "a", "  "):
        memory.add_prompt(prompt)
    assert memory.prompts == ["a", "b"]
    for number in range(LONGEST + 5):
        memory.add_prompt(str(number))
    assert len(memory.prompts) == LONGEST
    assert memory.prompts[0] == str(LONGEST + 4)


def test_a_preset_is_replaced_and_forgotten(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "m.json")
    memory.save(Preset("mine", "", {"steps": 7}))
    memory.save(Preset("mine", "", {"steps": 8}))
    assert memory.presets[-1].values == {"steps": 8}
    memory.forget("mine")
    assert memory.presets == list(STYLES)


def test_a_style_is_put_behind_the_prompt_once() -> None:
    style = Preset("Pencil", "a pencil drawing")
    assert style.styled("a hill, ") == "a hill, a pencil drawing"
    assert style.styled("a hill, a pencil drawing") == "a hill, a pencil drawing"
    assert style.styled(" ") == "a pencil drawing"
    assert Preset("mine").styled("a hill") == "a hill"


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"prompts": 3, "presets": [4, {"name": 5}], "values": 6}']
)
def test_a_broken_file_is_an_empty_memory(tmp_path: Path, text: str) -> None:
    file = tmp_path / "m.json"
    file.write_text(text, encoding="utf-8")
    memory = Memory(file)
    assert (memory.prompts, memory.presets, memory.values) == ([], list(STYLES), {})


def test_who_cannot_write_there_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "mahlstick").write_text("a file where the folder should be", encoding="utf-8")
    memory = Memory(tmp_path / "mahlstick" / "memory.json")
    memory.add_prompt("a moon")
    assert memory.prompts == ["a moon"]
    assert "cannot be written" in caplog.text
