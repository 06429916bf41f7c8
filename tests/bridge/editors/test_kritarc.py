"""Krita's settings file: one switch is turned, every other byte stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.editors.kritarc import disabled, enabled, is_enabled, read, resource_folder

HOME = Path("/home/p")
ON = "enable_mahlstick=true"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"[python]\n{ON}\n"),
        ("[a]\nx=1\n", f"[a]\nx=1\n\n[python]\n{ON}\n"),
        ("[a]\nx=1", f"[a]\nx=1\n\n[python]\n{ON}\n"),
        ("[a]\r\nx=1\r\n", f"[a]\r\nx=1\r\n\r\n[python]\r\n{ON}\r\n"),
        ("[python]\nenable_b=true\n[z]\n", f"[python]\n{ON}\nenable_b=true\n[z]\n"),
        ("[python]\nenable_mahlstick=false\nb=1\n", f"[python]\n{ON}\nb=1\n"),
        ("[python]\nenable_mahlstick=false\n[z]\n", f"[z]\n\n[python]\n{ON}\n"),
        ("[python][x]\ny=1\n", f"[python][x]\ny=1\n\n[python]\n{ON}\n"),
        ("[a]\nenable_mahlstick=true\n", f"[a]\nenable_mahlstick=true\n\n[python]\n{ON}\n"),
    ],
)
def test_the_switch_is_turned_on_where_krita_looks_for_it(before: str, after: str) -> None:
    assert not is_enabled(before)
    assert enabled(before) == after
    assert is_enabled(after)


def test_what_is_on_stays_as_it_is() -> None:
    text = f"# by hand\n[python]\n{ON}\nx=1"
    assert enabled(text) == text


_LINES = st.sampled_from(
    [
        "[python]",
        "[a]",
        "[python][b]",
        "enable_mahlstick=false",
        "x=1",
        "enable_other=true",
        "",
        "#",
    ]
)


@given(st.lists(_LINES))
def test_whatever_is_there_the_other_lines_stay_in_order(lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    on = enabled(text)
    assert is_enabled(on)
    assert not is_enabled(disabled(on))

    def others(settings: str) -> list[tuple[str, str]]:
        group, found = "", []
        for line in settings.splitlines():
            group = line if line.startswith("[") else group
            ours = group == "[python]" and line.startswith("enable_mahlstick")
            if line and not line.startswith("[") and not ours:
                found.append((group, line))
        return found

    assert others(on) == others(disabled(on)) == others(text)


_OTHERS = st.lists(_LINES.filter(lambda line: "mahlstick" not in line and line != "[python]"))


@given(_OTHERS, st.booleans(), _OTHERS)
def test_on_and_off_again_leaves_the_file_as_it_was(
    before: list[str], has_group: bool, after: list[str]
) -> None:
    group = ["[python]", "enable_other=true"] if has_group else []
    text = "".join(f"{line}\n" for line in [*before, *group, *after])
    assert disabled(enabled(text)) == text


def test_bytes_that_are_no_text_survive(tmp_path: Path) -> None:
    path = tmp_path / "kritarc"
    path.write_bytes(b"[a]\nfile=/tmp/\xff\xfe\n")
    assert (
        enabled(read(path))
        .encode("utf-8", "surrogateescape")
        .startswith(b"[a]\nfile=/tmp/\xff\xfe\n")
    )
    assert read(tmp_path / "none") == ""


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("ResourceDirectory=/data/krita\n", Path("/data/krita")),
        ("x=1\nResourceDirectory=/a b\n[g]\n", Path("/a b")),
        ("ResourceDirectory[$e]=$HOME/paint\n", HOME / "paint"),
        ("ResourceDirectory[$e]=${HOME}/paint\n", HOME / "paint"),
        ("ResourceDirectory=D:\\\\art\\skrita\n", Path("D:\\art krita")),
        ("ResourceDirectory=\n", None),
        ("[g]\nResourceDirectory=/elsewhere\n", None),
        ("", None),
    ],
)
def test_the_painters_own_resource_folder_is_found(text: str, folder: Path | None) -> None:
    assert resource_folder(text, HOME) == folder
