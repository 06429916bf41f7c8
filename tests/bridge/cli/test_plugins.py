"""`mahlstick plugins`, as a painter types it, in made-up homes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bridge.cli import app
from bridge.wire.installation import read_installation


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a Krita of Debian and a GIMP from a flatpak."""
    for name in [name for name in os.environ if name.startswith(("XDG_", "MAHLSTICK_", "GIMP3_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".local/share/krita").mkdir(parents=True)
    (tmp_path / ".var/app/org.gimp.GIMP/config/GIMP/3.2").mkdir(parents=True)
    monkeypatch.setenv("PATH", "/usr/bin:/bin" if os.name == "posix" else os.environ["PATH"])
    return tmp_path


def typed(*words: str) -> Result:
    return CliRunner().invoke(app, ["plugins", *words], catch_exceptions=False)


def test_krita_is_given_the_panel_and_told_where_the_bridge_is(home: Path) -> None:
    said = typed("install", "krita").output
    assert "Krita: Installed:" in said
    assert "Settings > Dockers > Mahlstick" in said
    told = read_installation(home / ".local/share/krita/pykrita/mahlstick")
    assert told is not None
    assert Path(told.command[0]).is_absolute()
    assert told.command[-1] == "serve"
    assert told.connection_file == str(home / ".config/mahlstick/connection.json")
    assert told.log.startswith(str(home / ".local/state/mahlstick"))
    assert "enable_mahlstick=true" in (home / ".config/kritarc").read_text()
    assert "Krita: Upgraded from" in typed("install", "krita").output


def test_a_flatpak_is_given_it_too_with_what_it_must_be_allowed(home: Path) -> None:
    said = typed("install", "gimp").output
    assert "GIMP 3.2 (flatpak): Installed:" in said
    assert "flatpak override --user --share=network org.gimp.GIMP" in said
    assert (home / ".var/app/org.gimp.GIMP/config/GIMP/3.2/plug-ins/mahlstick").is_dir()


def test_the_list_says_what_is_where(home: Path) -> None:
    assert "Krita: not installed" in typed("list").output
    typed("install", "krita")
    settings = home / ".config" / "kritarc"
    settings.write_text("[python]\nenable_mahlstick=false\n")
    assert "but switched off in Krita's settings" in typed("list").output
    rows = [json.loads(line) for line in typed("list", "--json").output.splitlines()]
    krita = next(row for row in rows if row["editor"] == "krita")
    assert krita["installed"] is True
    assert krita["enabled"] is False
    assert krita["folder"] == str(home / ".local/share/krita")


def test_uninstalling_is_told_and_twice_does_no_harm(home: Path) -> None:
    typed("install", "krita")
    own = home / ".local/share/krita/pykrita/mahlstick/mine.txt"
    own.write_text("")
    said = typed("uninstall", "krita").output
    assert "Krita: Removed from" in said
    assert f"Not ours, so it stays: {own}" in said
    assert "is not installed" in typed("uninstall", "krita").output


def test_a_folder_can_be_named(home: Path) -> None:
    folder = home / "portable" / "plug-ins"
    typed("install", "gimp", "--folder", str(folder))
    assert (folder / "mahlstick" / "mahlstick.py").is_file()
    assert "Removed from" in typed("uninstall", "gimp", "--folder", str(folder)).output
    assert not (folder / "mahlstick").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["install", "blender"], "There is no plugin for 'blender'; there are: krita, gimp"),
        (["build", "blender"], "There is no plugin for 'blender'"),
    ],
)
def test_an_unknown_editor_is_told(words: list[str], sentence: str) -> None:
    result = CliRunner().invoke(app, ["plugins", *words])
    assert sentence in str(result.exception)


def test_without_the_editor_it_says_where_it_looked_and_what_to_do(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(home / "empty"))
    monkeypatch.setenv("PATH", str(home))
    result = CliRunner().invoke(app, ["plugins", "install", "gimp"])
    assert "No GIMP was found" in str(result.exception)
    assert "--folder" in str(result.exception)
    assert str(home / "empty" / ".config" / "GIMP") in str(result.exception)
