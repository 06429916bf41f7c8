"""The scripts that get other releases of the editors, as far as they go without making one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="CI runs on Debian")
CI = Path(__file__).parents[1] / ".ci"
SCRIPTS = sorted(path for path in CI.iterdir() if path.is_file())


def run(script: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [CI / script, *words], capture_output=True, text=True, env={**os.environ, **environment}
    )


@pytest.mark.parametrize(
    ("script", "version", "folder"),
    [
        ("editors-krita.sh", "6.0", "krita-6.0"),
        ("editors-gimp.sh", "3.2", "gimp-3.2"),
        ("editors-gimp.sh", "3.0", "gimp-3.0"),
    ],
)
def test_a_script_tells_where_its_folder_would_be_and_makes_nothing(
    script: str, version: str, folder: str, tmp_path: Path
) -> None:
    told = run(script, version, "--path", XDG_CACHE_HOME=str(tmp_path))
    assert told.stdout == f"{tmp_path}/mahlstick-ci/{folder}\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("script", ["editors-krita.sh", "editors-gimp.sh"])
def test_a_release_that_nobody_knows_is_refused_in_a_sentence(script: str) -> None:
    told = run(script, "9.9")
    assert told.returncode == 1
    assert re.search(r"There is no \w+ 9\.9 here; there are", told.stderr)


def test_a_release_that_cannot_be_had_is_left_out_and_told(tmp_path: Path) -> None:
    told = run("test-editors.sh", "krita", "9.9", XDG_CACHE_HOME=str(tmp_path))
    assert told.returncode == 0
    assert "There is no Krita 9.9 here" in told.stderr
    assert "krita: passed: none; failed: none; not to be had here: 9.9" in told.stdout


def test_an_editor_without_scenarios_is_refused() -> None:
    assert run("test-editors.sh", "blender", "4").returncode == 1


def test_a_folder_that_cannot_be_made_leaves_none_behind(tmp_path: Path) -> None:
    """The package manager's own words are the reason; here it is one that always fails."""
    programs = tmp_path / "bin"
    programs.mkdir()
    broken = programs / "mmdebstrap"
    broken.write_text("#!/bin/sh\necho 'E: Unable to locate package krita'\nexit 1\n")
    broken.chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    told = run("editors-krita.sh", "6.0", XDG_CACHE_HOME=str(tmp_path / "cache"), PATH=path)
    assert told.returncode == 1
    if os.geteuid() == 0:
        assert "krita-6.0 cannot be had here" in told.stderr
        assert "Unable to locate package krita" in told.stderr
    assert not list((tmp_path / "cache").rglob("*.partial"))
    assert not list((tmp_path / "cache").rglob(".complete"))


def test_the_scripts_name_no_package_host() -> None:
    for path in SCRIPTS:
        assert not re.search(r"https?://", path.read_text("utf-8")), path.name


def test_every_script_but_the_shared_part_may_be_run() -> None:
    wrong = [path.name for path in SCRIPTS if os.access(path, os.X_OK) == (path.name == "roots.sh")]
    assert wrong == []
