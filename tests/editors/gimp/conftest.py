"""One GIMP without a screen and one with it play everything; each test looks at one scene.

Starting GIMP takes longer than most scenes, so they share a start. A scene that fails says so in
its own test only.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from plugins.build import build
from tests.editors.bridges import running_bridge
from tests.editors.gimp.killing import Killer
from tests.editors.gimp.pictures import develop
from tests.editors.gimp.studio import REPOSITORY, Report, Studio, chroot_root, version
from tests.editors.presence import need
from tests.editors.scripted_bridge import Part, Script, scripted_bridge
from tests.engine import tiny
from tests.engine.tiny import write_model

PHOTOGRAPH = REPOSITORY / "bridge" / "demo" / "sunset.jpg"
PROMPT = "a móon ☾"
SLOW = Script(steps=500, step_s=0.4)  # nobody's change of mind comes too late


@dataclass(frozen=True)
class Played:
    """A scenario's report, and what the scripted bridge heard."""

    report: Report
    part: Part
    killer: Killer | None = None

    @property
    def out(self) -> Path:
        return self.report.out


@pytest.fixture(scope="session")
def gimp_root() -> Path:
    root = chroot_root()
    missing = f"GIMP {version()} in a chroot that this user may enter"
    need([] if root else [missing], f".ci/editors-gimp.sh {version()}")
    assert root is not None
    return root


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("gimp", tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="session")
def headless(gimp_root: Path, bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Every procedure, called by scripts."""
    folder = tmp_path_factory.mktemp("headless")
    scripts = {
        PROMPT: Script(steps=3, step_s=0.01),
        "a plain moon": Script(steps=1, step_s=0.0),
        "a moon in a large sky": Script(steps=1, step_s=0.0),
        "a larger sky": Script(steps=1, step_s=0.0),
        "failing": Script(fail_at=2),
        "vanishing": Script(vanish_at=2),
    }
    part = Part(scripts)
    models = [write_model(folder / "tiny")]
    with (
        _studio(gimp_root, bundle, "headless") as studio,
        scripted_bridge(part, folder) as scripted,
        running_bridge(folder, models, [Path(tiny.__file__)]) as real,
        Killer(studio, folder / "state") as killer,
    ):
        told = {"picture": studio.bring(PHOTOGRAPH, "sunset.jpg"), "prompt": PROMPT}
        bridges = {"scripted": scripted, "real": real.connection_file}
        report = studio.headless("headless", told, bridges)
    return Played(report, part, killer)


@pytest.fixture(scope="session")
def on_screen(gimp_root: Path, bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A painter at GIMP's windows and ours."""
    folder = tmp_path_factory.mktemp("on-screen")
    scripts = {
        "a full moon": Script(steps=6, step_s=0.6),
        "moons": Script(steps=4, step_s=0.5),
        "a slow moon": SLOW,
        "vanishing": Script(steps=500, step_s=0.4, vanish_at=4),
        "live moon": Script(steps=3, step_s=0.4),
    }
    part = Part(scripts)
    with (
        _studio(gimp_root, bundle, "on-screen") as studio,
        scripted_bridge(part, folder) as scripted,
        running_bridge(folder) as real,
    ):
        told = {"picture": studio.bring(PHOTOGRAPH, "sunset.jpg")}
        bridges = {"scripted": scripted, "real": real.connection_file}
        report = studio.on_screen("on_screen", told, bridges)
    return Played(report, part)


@contextlib.contextmanager
def _studio(root: Path, bundle: Path, name: str) -> Iterator[Studio]:
    """A studio with the plug-in in it, whose folder of pictures is in the repository."""
    out = REPOSITORY / "artifacts" / "gimp" / name
    shutil.rmtree(out, ignore_errors=True)
    try:
        with Studio(root, out) as studio:
            studio.install(bundle)
            yield studio
    finally:
        develop(out)
