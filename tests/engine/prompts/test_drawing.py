"""Wildcards: each candidate's seed chooses, and always the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import PromptError
from engine.prompts import drawn


def test_each_seed_draws_its_own_and_always_the_same() -> None:
    source = "a {red|green|blue} {house|tree}"
    first = [drawn(source, seed) for seed in range(64)]
    assert first == [drawn(source, seed) for seed in range(64)]
    assert len(set(first)) == 6
    # Written down: another machine, and a later version, must draw the same.
    assert first[:3] == ["a blue house", "a green tree", "a red house"]


def test_choices_are_drawn_evenly() -> None:
    count = sum(drawn("{a|b}", seed) == "a" for seed in range(400))
    assert 150 < count < 250


@pytest.mark.parametrize(
    ("source", "possible"),
    [
        ("{a {big|small} house|a tree}", {"a big house", "a small house", "a tree"}),
        ("{red|} hat", {"red hat", " hat"}),
        ("({red|blue}:1.3)", {"(red:1.3)", "(blue:1.3)"}),
        ("[{a|b}|c]", {"[a|c]", "[b|c]"}),
        ("[{a|b}:{c|d}:0.5]", {f"[{x}:{y}:0.5]" for x in "ab" for y in "cd"}),
        (r"\{a|b\}", {r"\{a|b\}"}),
    ],
)
def test_choices_stand_anywhere_and_hold_anything(source: str, possible: set[str]) -> None:
    assert {drawn(source, seed) for seed in range(80)} == possible


def test_a_line_of_the_painters_file_is_drawn(tmp_path: Path) -> None:
    (tmp_path / "light").mkdir()
    (tmp_path / "light" / "evening.txt").write_text("# warm ones\nsunset\n\n  {dusk|__deep__}  \n")
    (tmp_path / "deep.txt").write_text("moonlight\n")
    lines = {drawn("a house at __light/evening__", seed, tmp_path) for seed in range(40)}
    assert lines == {"a house at sunset", "a house at dusk", "a house at moonlight"}


def test_a_missing_file_is_pointed_at_and_others_are_offered(tmp_path: Path) -> None:
    (tmp_path / "colours.txt").write_text("red\n")
    with pytest.raises(PromptError, match=r"no file colors\.txt.*There are: colours") as error:
        drawn("a __colors__ hat", 1, tmp_path)
    assert error.value.position == 2
    with pytest.raises(PromptError, match="no folder of wildcard files"):
        drawn("__colours__", 1)


@pytest.mark.parametrize("name", ["__../secret__", "__/etc/passwd__", "__a/../b__"])
def test_a_name_that_leaves_the_folder_is_no_file(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "wildcards"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("secret\n")
    assert drawn(name, 1, folder) == name


def test_an_empty_file_and_one_that_names_itself_are_errors(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("# nothing yet\n")
    with pytest.raises(PromptError, match="no lines"):
        drawn("__empty__", 1, tmp_path)
    (tmp_path / "circle.txt").write_text("a __circle__\n")
    with pytest.raises(PromptError, match="names itself"):
        drawn("__circle__", 1, tmp_path)
    (tmp_path / "many.txt").write_text("{a|b}" * 600 + "\n")
    with pytest.raises(PromptError, match="more than 500"):
        drawn("__many__", 1, tmp_path)
