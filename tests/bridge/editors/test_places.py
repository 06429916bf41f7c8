"""Where editors keep plugins, on every system, in made-up homes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.editors.places import Editor, Machine, Place, chosen, looked_at, places


def machine(home: Path, platform: str = "linux", **environment: str) -> Machine:
    return Machine(home, {"PATH": str(home / "bin"), **environment}, platform)


def made(home: Path, *folders: str) -> None:
    for folder in folders:
        (home / folder).mkdir(parents=True, exist_ok=True)


STORE = "AppData/Local/Packages/49800Krita_RVJBHQ/LocalCache"
KRITAS = [
    ("linux", ".local/share/krita", ".config/kritarc", "Krita"),  # a package or an AppImage
    (
        "linux",
        ".var/app/org.kde.krita/data/krita",
        ".var/app/org.kde.krita/config/kritarc",
        "Krita (flatpak)",
    ),
    (
        "linux",
        "snap/krita/current/.local/share/krita",
        "snap/krita/current/.config/kritarc",
        "Krita (snap)",
    ),
    ("win32", "AppData/Roaming/krita", "AppData/Local/kritarc", "Krita"),
    ("win32", f"{STORE}/Roaming/krita", f"{STORE}/Local/kritarc", "Krita (Microsoft Store)"),
    ("darwin", "Library/Application Support/krita", "Library/Preferences/kritarc", "Krita"),
]


@pytest.mark.parametrize(("platform", "resources", "settings", "name"), KRITAS)
def test_krita_is_found_by_its_resource_folder(
    tmp_path: Path, platform: str, resources: str, settings: str, name: str
) -> None:
    made(tmp_path, resources)
    (place,) = places("krita", machine(tmp_path, platform))
    assert (place.name, place.root) == (name, tmp_path / resources)
    assert place.settings == tmp_path / settings
    assert place.program == tmp_path / resources / "pykrita" / "mahlstick"
    assert place.package == place.program


@pytest.mark.parametrize(
    ("platform", "settings", "name"), [(row[0], row[2], row[3]) for row in KRITAS]
)
def test_krita_is_found_by_its_settings_and_a_resource_folder_of_the_painters_choice(
    tmp_path: Path, platform: str, settings: str, name: str
) -> None:
    made(tmp_path, str(Path(settings).parent), STORE)
    (tmp_path / settings).write_text(f"ResourceDirectory={tmp_path}/art\n[a]\n")
    (place,) = places("krita", machine(tmp_path, platform))
    assert (place.name, place.root) == (name, tmp_path / "art")


def test_a_krita_that_never_ran_is_found_on_the_path(tmp_path: Path) -> None:
    program(tmp_path, "krita", "")
    (place,) = places("krita", machine(tmp_path))
    assert place.root == tmp_path / ".local" / "share" / "krita"


def test_the_environment_moves_kritas_folders(tmp_path: Path) -> None:
    made(tmp_path, "d/krita")
    moved = {"XDG_DATA_HOME": str(tmp_path / "d"), "XDG_CONFIG_HOME": str(tmp_path / "c")}
    (place,) = places("krita", machine(tmp_path, **moved))
    assert (place.root, place.settings) == (tmp_path / "d/krita", tmp_path / "c/kritarc")
    assert not places("krita", machine(tmp_path, XDG_DATA_HOME="d"))  # relative: does not count


@pytest.mark.parametrize(
    ("platform", "profile", "name"),
    [
        ("linux", ".config/GIMP/3.0", "GIMP 3.0"),
        ("linux", ".config/GIMP/3.2", "GIMP 3.2"),
        ("linux", ".var/app/org.gimp.GIMP/config/GIMP/3.2", "GIMP 3.2 (flatpak)"),
        ("linux", "snap/gimp/current/.config/GIMP/3.0", "GIMP 3.0 (snap)"),
        ("win32", "AppData/Roaming/GIMP/3.2", "GIMP 3.2"),
        (
            "win32",
            "AppData/Local/Packages/GIMP.431_x/LocalCache/Roaming/GIMP/3.0",
            "GIMP 3.0 (Microsoft Store)",
        ),
        ("darwin", "Library/Application Support/GIMP/3.0", "GIMP 3.0"),
    ],
)
def test_gimp_is_found_by_its_profile(
    tmp_path: Path, platform: str, profile: str, name: str
) -> None:
    made(tmp_path, profile)
    (place,) = places("gimp", machine(tmp_path, platform))
    assert (place.name, place.root) == (name, tmp_path / profile / "plug-ins")
    assert place.settings is None
    assert place.program == tmp_path / profile / "plug-ins" / "mahlstick"
    assert place.package == place.program / "mahlstick_gimp"


def test_every_gimp_3_is_found_and_no_gimp_2(tmp_path: Path) -> None:
    made(tmp_path, *(f".config/GIMP/{version}" for version in ("2.10", "3.0", "3.2", "3.10", "x")))
    found = [place.name for place in places("gimp", machine(tmp_path))]
    assert found == ["GIMP 3.10", "GIMP 3.2", "GIMP 3.0"]


def test_two_names_of_one_folder_are_one_place(tmp_path: Path) -> None:
    made(tmp_path, ".config/GIMP/3.0", ".var/app/org.gimp.GIMP/config")
    (tmp_path / ".var/app/org.gimp.GIMP/config/GIMP").symlink_to(tmp_path / ".config/GIMP")
    (place,) = places("gimp", machine(tmp_path))
    assert place.name == "GIMP 3.0"


def test_a_gimp_that_never_ran_tells_its_version(tmp_path: Path) -> None:
    program(tmp_path, "gimp", "echo 'GNU Image Manipulation Program version 3.2.6'")
    program(tmp_path, "gimp-3.0", "exit 1")
    (place,) = places("gimp", machine(tmp_path))
    assert place.root == tmp_path / ".config" / "GIMP" / "3.2" / "plug-ins"


def test_gimps_own_variable_comes_first(tmp_path: Path) -> None:
    made(tmp_path, ".config/GIMP/3.0")
    found = places("gimp", machine(tmp_path, GIMP3_DIRECTORY=str(tmp_path / "mine")))
    assert [place.root for place in found] == [
        tmp_path / "mine" / "plug-ins",
        tmp_path / ".config" / "GIMP" / "3.0" / "plug-ins",
    ]


@pytest.mark.parametrize("editor", ["krita", "gimp"])
@pytest.mark.parametrize("platform", ["linux", "win32", "darwin"])
def test_on_a_machine_without_the_editor_there_is_no_place(
    tmp_path: Path, platform: str, editor: Editor
) -> None:
    assert places(editor, machine(tmp_path, platform)) == []
    assert all(path.is_relative_to(tmp_path) for path in looked_at(editor, machine(tmp_path)))


@pytest.mark.parametrize(
    ("editor", "folder", "root"),
    [
        ("krita", "portable/krita", "portable/krita"),
        ("krita", "portable/krita/pykrita", "portable/krita"),
        ("gimp", "anywhere/plug-ins", "anywhere/plug-ins"),
        ("gimp", "GIMP/3.2", "GIMP/3.2/plug-ins"),
        ("gimp", "with-gimprc", "with-gimprc/plug-ins"),
    ],
)
def test_the_painter_may_name_either_of_two_folders(
    tmp_path: Path, editor: Editor, folder: str, root: str
) -> None:
    made(tmp_path, folder, "with-gimprc")
    (tmp_path / "with-gimprc" / "gimprc").touch()
    assert chosen(editor, tmp_path / folder, machine(tmp_path)).root == tmp_path / root


def test_a_named_folder_of_a_krita_that_is_known_keeps_its_settings(tmp_path: Path) -> None:
    flatpak = tmp_path / ".var" / "app" / "org.kde.krita"
    made(tmp_path, ".var/app/org.kde.krita/data/krita")
    place = chosen("krita", flatpak / "data" / "krita", machine(tmp_path))
    assert place.settings == flatpak / "config" / "kritarc"


def test_kritas_description_and_actions_have_folders_of_their_own() -> None:
    krita = Place("krita", "Krita", Path("/r"))
    assert krita.target("mahlstick.desktop") == Path("/r/pykrita/mahlstick.desktop")
    assert krita.target("actions/mahlstick.action") == Path("/r/actions/mahlstick.action")
    assert krita.target("mahlstick/qt.py") == Path("/r/pykrita/mahlstick/qt.py")
    gimp = Place("gimp", "GIMP", Path("/p"))
    assert gimp.target("mahlstick/mahlstick.py") == Path("/p/mahlstick/mahlstick.py")


def program(home: Path, name: str, body: str) -> None:
    path = home / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
