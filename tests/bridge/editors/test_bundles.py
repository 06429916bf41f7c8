"""The zips that a wheel carries, and those a checkout builds when they are wanted."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bridge.editors.bundles import PACKAGE, bundle
from bridge.errors import PluginError
from plugins import build

ROOT = build.ROOT
IN_THE_WHEEL = ("bridge", "engine", "plugins")


def test_a_checkout_builds_what_is_in_it(tmp_path: Path) -> None:
    archive = bundle("gimp", tmp_path, shipped=tmp_path / "never")
    with zipfile.ZipFile(archive) as opened:
        assert "mahlstick/mahlstick.py" in opened.namelist()


def test_an_installation_takes_what_was_shipped(tmp_path: Path) -> None:
    shipped = tmp_path / "mahlstick-krita.zip"
    shipped.write_bytes(b"zip")
    assert bundle("krita", tmp_path, tmp_path, sources=tmp_path / "none") == shipped


def test_an_installation_without_bundles_says_so(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="has no plugin for gimp"):
        bundle("gimp", tmp_path, tmp_path, sources=tmp_path / "none")


def test_a_build_that_fails_is_told_in_its_own_words(tmp_path: Path) -> None:
    broken = tmp_path / "plugins" / "build.py"
    broken.parent.mkdir()
    broken.write_text("import sys\nsys.exit('The library is missing.')\n")
    with pytest.raises(PluginError, match=r"could not be built: The library is missing\."):
        bundle("gimp", tmp_path, sources=broken)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built offline from a copy of the checkout."""
    try:
        cached = build.fetch_wheel()
    except build.BuildError as error:
        pytest.skip(str(error))
    copy = tmp_path_factory.mktemp("checkout")
    left_out = shutil.ignore_patterns("__pycache__", "*.safetensors", "*.jpg", "bundles")
    for folder in IN_THE_WHEEL:
        shutil.copytree(ROOT / folder, copy / folder, ignore=left_out)
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    (copy / "build" / "wheels").mkdir(parents=True)
    shutil.copy(cached, copy / "build" / "wheels")
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    made = subprocess.run(
        [*pip, "--wheel-dir", str(copy / "out"), "."], cwd=copy, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    (found,) = (copy / "out").glob("*.whl")
    return found


def test_the_wheel_carries_the_bundles_and_not_their_sources(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        assert not [name for name in names if name.startswith(("plugins/", "setup", "tests/"))]
        for editor in build.editors():
            assert opened.read(f"bridge/bundles/mahlstick-{editor}.zip").startswith(b"PK")


def test_what_the_wheel_installs_installs_the_plugins(wheel: Path, tmp_path: Path) -> None:
    """From the unpacked wheel alone: no checkout is near, and its zip is put into a GIMP."""
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(site)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import bridge; assert bridge.__file__.startswith(sys.argv[1]), bridge.__file__\n"
        "from bridge.cli import app; app(sys.argv[2:])\n"
    )
    out, profile = tmp_path / "out", tmp_path / "GIMP" / "3.2"
    for words in (
        ["plugins", "build", "--out", out],
        ["plugins", "install", "gimp", "--folder", profile],
    ):
        ran = subprocess.run(
            [sys.executable, "-c", code, site, *words], cwd=tmp_path, capture_output=True, text=True
        )
        assert ran.returncode == 0, ran.stderr
    assert sorted(path.name for path in out.iterdir()) == [
        "mahlstick-gimp.zip",
        "mahlstick-krita.zip",
    ]
    assert (profile / "plug-ins" / "mahlstick" / "mahlstick.py").is_file()
    assert not (PACKAGE / "bundles").exists()  # nothing was built into the checkout
