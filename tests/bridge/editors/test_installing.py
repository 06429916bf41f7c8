"""Real bundles put into made-up editors, over old ones, and taken away again."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest

from bridge.editors import installing
from bridge.editors.installing import Installed, install, installed, uninstall
from bridge.editors.places import Editor, Place
from bridge.errors import PluginError
from bridge.wire.installation import FILE, Installation, read_installation
from plugins import build

TOLD = Installation(["/opt/mahlstick", "serve"], "/c/connection.json", "/s/log", "1.2.3")
SETTINGS = "[a]\nx=1\n\n[python]\nenable_other=true\n"


@pytest.fixture(scope="module", params=["krita", "gimp"])
def editor(request: pytest.FixtureRequest) -> Editor:
    return request.param


@pytest.fixture(scope="module")
def bundle(editor: Editor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The editor's zip; skipped only where neither cache nor network has its library."""
    try:
        return build.build(editor, tmp_path_factory.mktemp("bundle"))
    except build.BuildError as error:
        pytest.skip(str(error))


@pytest.fixture
def place(editor: Editor, tmp_path: Path) -> Place:
    if editor == "gimp":
        return Place("gimp", "GIMP 3.2", tmp_path / "GIMP" / "3.2" / "plug-ins")
    settings = tmp_path / "config" / "kritarc"
    settings.parent.mkdir()
    settings.write_text(SETTINGS)
    return Place("krita", "Krita", tmp_path / "krita", settings)


def files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_everything_in_the_bundle_is_in_its_place(place: Place, bundle: Path) -> None:
    assert installed(place) is None
    install(place, bundle, TOLD)
    with zipfile.ZipFile(bundle) as archive:
        for entry in archive.infolist():
            if not entry.is_dir():
                assert place.target(entry.filename).read_bytes() == archive.read(entry)
    assert installed(place) == Installed(place, "1.2.3", True)
    told = read_installation(place.package)
    assert told is not None
    assert (told.command, told.connection_file) == (TOLD.command, TOLD.connection_file)
    assert set(told.files) == files(place.root) - {
        (place.package / FILE).relative_to(place.root).as_posix()
    }


def test_the_package_is_where_the_bundles_own_layout_says(place: Place, bundle: Path) -> None:
    package = build.Layout.read(place.editor).package
    assert place.package == place.target(str(package))
    assert bundle.exists()


def test_gimp_may_run_the_program(tmp_path: Path) -> None:
    place = Place("gimp", "GIMP", tmp_path / "plug-ins")
    install(place, build.build("gimp", tmp_path / "b"), TOLD)
    assert os.access(place.program / "mahlstick.py", os.X_OK)


def test_an_upgrade_leaves_nothing_of_the_old_but_the_painters_own(
    place: Place, bundle: Path
) -> None:
    install(place, bundle, Installation(version="1.0"))
    old = place.package / "retired.py"
    old.write_text("")
    told = read_installation(place.package)
    assert told is not None
    listed = [*told.files, old.relative_to(place.root).as_posix()]
    (place.package / FILE).write_text(Installation(version="1.0", files=listed).text())
    (place.package / "my-prompts.txt").write_text("a moon")
    (place.package / "__pycache__").mkdir()
    (place.package / "__pycache__" / "qt.cpython-313.pyc").write_bytes(b"old")
    install(place, bundle, TOLD)
    assert not old.exists()
    assert not (place.package / "__pycache__").exists()
    assert (place.package / "my-prompts.txt").read_text() == "a moon"
    assert installed(place) == Installed(place, "1.2.3", True)


def test_nothing_is_left_beside_the_plugin(place: Place, bundle: Path) -> None:
    install(place, bundle, TOLD)
    install(place, bundle, TOLD)
    assert not [path for path in place.root.rglob(".*") if path.name.startswith(".mahlstick")]


def test_uninstalling_leaves_the_folders_as_they_were(place: Place, bundle: Path) -> None:
    other = place.program.parent / "other" / "other.py"
    other.parent.mkdir(parents=True)
    other.write_text("")
    before = files(place.root)
    install(place, bundle, TOLD)
    (place.package / "__pycache__").mkdir()
    (place.package / "__pycache__" / "x.pyc").write_bytes(b"")
    assert uninstall(place) == []
    assert files(place.root) == before
    assert not place.program.exists()
    assert installed(place) is None
    if place.settings:
        assert place.settings.read_text() == SETTINGS


def test_uninstalling_leaves_the_painters_own_file_and_tells_it(place: Place, bundle: Path) -> None:
    install(place, bundle, TOLD)
    own = place.package / "my-prompts.txt"
    own.write_text("a moon")
    assert uninstall(place) == [own]
    assert files(place.program) == {own.relative_to(place.program).as_posix()}


def test_what_the_editors_importer_unpacked_is_known_and_goes_whole(
    place: Place, bundle: Path
) -> None:
    install(place, bundle, TOLD)
    (place.package / FILE).unlink()
    assert installed(place) == Installed(place, build.version(), True)
    assert uninstall(place) == []
    assert files(place.root) == set()


def test_a_list_that_points_elsewhere_removes_nothing_there(
    place: Place, bundle: Path, tmp_path: Path
) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("mine")
    install(place, bundle, TOLD)
    told = json.loads((place.package / FILE).read_text())
    up = os.path.relpath(precious, place.root)
    told["files"] = [up, str(precious), *told["files"]]
    (place.package / FILE).write_text(json.dumps(told))
    uninstall(place)
    assert precious.read_text() == "mine"


def test_a_folder_of_somebody_else_is_left_alone(place: Place, bundle: Path) -> None:
    place.program.mkdir(parents=True)
    (place.program / "theirs.py").write_text("")
    for attempt in (lambda: install(place, bundle, TOLD), lambda: uninstall(place)):
        with pytest.raises(PluginError, match="is not this plugin"):
            attempt()
    assert files(place.root) == {(place.program / "theirs.py").relative_to(place.root).as_posix()}


def test_a_link_made_by_hand_is_left_alone(place: Place, bundle: Path, tmp_path: Path) -> None:
    place.program.parent.mkdir(parents=True)
    place.program.symlink_to(tmp_path)
    with pytest.raises(PluginError, match="is a link"):
        install(place, bundle, TOLD)
    assert place.program.is_symlink()


def test_a_failure_in_the_middle_leaves_the_old_plugin(
    place: Place, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(place, bundle, Installation(version="1.0"))
    before = files(place.root)
    renamed = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name == "mahlstick" and self.parent.name.startswith(".mahlstick-"):
            raise PermissionError(13, "Permission denied", str(target))
        return renamed(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(PluginError, match=r"cannot be written: Permission denied.*--folder"):
        install(place, bundle, TOLD)
    assert files(place.root) == before
    assert installed(place) == Installed(place, "1.0", True)


def test_a_damaged_bundle_leaves_the_old_plugin(place: Place, bundle: Path, tmp_path: Path) -> None:
    install(place, bundle, Installation(version="1.0"))
    broken = tmp_path / "broken.zip"
    broken.write_bytes(bundle.read_bytes()[:-2000])
    with pytest.raises(PluginError, match="damaged"):
        install(place, broken, TOLD)
    assert installed(place) == Installed(place, "1.0", True)


def test_settings_behind_a_link_are_edited_where_they_are(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "kritarc"
    real.parent.mkdir()
    real.write_text(SETTINGS)
    real.chmod(0o640)
    link = tmp_path / "kritarc"
    link.symlink_to(real)
    installing._edit(link, "[python]\nenable_mahlstick=true\n")
    assert link.is_symlink()
    assert real.read_text() == "[python]\nenable_mahlstick=true\n"
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in real.parent.iterdir()) == ["kritarc"]


def test_a_krita_that_never_ran_gets_its_settings(tmp_path: Path) -> None:
    place = Place("krita", "Krita", tmp_path / "krita", tmp_path / "config" / "kritarc")
    install(place, build.build("krita", tmp_path / "b"), TOLD)
    assert place.settings is not None
    assert place.settings.read_text() == "[python]\nenable_mahlstick=true\n"
    assert uninstall(place) == []
    assert place.settings.read_text() == ""
