"""The real Krita on a screen in memory, with fresh folders, playing one scenario.

It is this machine's own Krita (5.1 in CI) unless the environment names another (`make
test-krita-all`), which then runs inside a folder that holds its whole system.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bridge.editors.installing import install
from bridge.editors.places import Place
from bridge.wire.installation import Installation

HERE = Path(__file__).parent
PROGRAMS = ("krita", "Xvfb", "xdotool")
REPOSITORY = HERE.parents[2]
SETUP, ENTER = REPOSITORY / ".ci" / "editors-krita.sh", REPOSITORY / ".ci" / "enter.sh"
VARIABLE = "MAHLSTICK_KRITA"
RUN_S = 600  # a run that is not over by then is stuck, on however slow a machine
DESKTOP = """[Desktop Entry]
Type=Service
ServiceTypes=Krita/PythonPlugin
X-KDE-Library=mahlstick_stage
X-Python-2-Compatible=false
Name=Mahlstick stage
Comment=Plays one scenario inside Krita
"""
KRITARC = "[python]\nenable_mahlstick=true\nenable_mahlstick_stage=true\n"


@dataclass(frozen=True)
class Report:
    """What a scenario brought home."""

    facts: dict[str, object]
    out: Path
    log: str


def version() -> str:
    """The Krita that is wanted; empty for this machine's own."""
    return os.environ.get(VARIABLE, "")


def root() -> Path | None:
    """The folder with the system that Krita runs in; None for this machine's own."""
    if not version():
        return None
    asked = [SETUP, version(), "--path"]
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    return Path(told.strip())


def missing_programs() -> list[str]:
    """The programs that a run needs and this machine lacks."""
    inside = root()
    if inside is None:
        return [name for name in PROGRAMS if shutil.which(name) is None]
    usable = (inside / ".complete").exists() and os.geteuid() == 0
    missing = [] if usable else [f"Krita {version()} in a folder that this user may enter"]
    return missing + [name for name in ("Xvfb",) if shutil.which(name) is None]


def _krita(home: Path) -> list[str]:
    """The command that runs Krita where it sees a painter's home, the tests and the screen."""
    inside = root()
    if inside is None:
        return ["krita"]
    return [str(ENTER), str(inside), str(home), str(HERE), "/tmp/.X11-unix", "--", "krita"]


def _program() -> Path:
    inside = root()
    return (
        Path(shutil.which("krita") or "/usr/bin/krita") if not inside else inside / "usr/bin/krita"
    )


@contextlib.contextmanager
def screen(size: str = "1600x1000") -> Iterator[str]:
    """A display that nobody sees; its name, such as `:7`."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [
            "Xvfb",
            "-displayfd",
            str(writing),
            "-screen",
            "0",
            f"{size}x24",
            "-nolisten",
            "tcp",
            "-noreset",
        ],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as lines:
            yield ":" + lines.readline().strip()
    finally:
        server.terminate()
        server.wait()


@dataclass(frozen=True)
class Profile:
    """The folders of one painter: settings, resources, plugins."""

    home: Path

    @property
    def resources(self) -> Path:
        """Krita's resource folder."""
        return self.home / "data" / "krita"

    def variables(self, display: str) -> dict[str, str]:
        """The environment Krita runs in: nothing of ours but the screen and the folders."""
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "LANG": "C.UTF-8",
            "DISPLAY": display,
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_DATA_HOME": str(self.home / "data"),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "XDG_RUNTIME_DIR": str(self.home / "run"),
        }

    def prepare(self) -> None:
        """Make the folders and the settings that a run without a graphics card needs."""
        (self.home / "config").mkdir(parents=True, exist_ok=True)
        (self.home / "run").mkdir(mode=0o700, exist_ok=True)
        (self.home / "config" / "kritarc").write_text(KRITARC, encoding="utf-8")
        display = "[General]\nOpenGLRenderer=none\n"
        (self.home / "config" / "kritadisplayrc").write_text(display, encoding="utf-8")
        plugins = self.resources / "pykrita"
        shutil.copytree(
            HERE / "stage",
            plugins / "mahlstick_stage",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        (plugins / "mahlstick_stage.desktop").write_text(DESKTOP, encoding="utf-8")

    def install(self, bundle: Path) -> None:
        """Install a bundle: with Krita's own importer, or as `mahlstick plugins install` does."""
        if version():  # later importers run inside Krita only
            settings = self.home / "config" / "kritarc"
            install(Place("krita", "Krita", self.resources, settings), bundle, Installation())
            return
        importer = _program().parents[1] / "share/krita/pykrita/plugin_importer/plugin_importer.py"
        told = subprocess.run(
            [sys.executable, str(importer), str(bundle), str(self.resources)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert told.returncode == 0, told.stderr
        assert told.stdout == "Imported plugin: Mahlstick\n"


def warm_home() -> Path:
    """A home where Krita has built its resource cache once (40 s); made when it is not there."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    program = _program().stat()
    warm = cache / "mahlstick-ci" / f"krita-{program.st_size:x}-{program.st_mtime_ns:x}"
    if not warm.exists():
        fresh = warm.with_name(f"{warm.name}.{os.getpid()}")
        shutil.rmtree(fresh, ignore_errors=True)
        _play(Profile(fresh), HERE / "scenarios" / "nothing.py", {}, {}, fresh / "out")
        for folder in ("data/krita/pykrita", "out", "config", "run"):
            shutil.rmtree(fresh / folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # another run was faster
            fresh.rename(warm)
    return warm


def play(
    scenario: str,
    bundle: Path,
    arguments: Mapping[str, str],
    variables: Mapping[str, str],
    folder: Path,
    settings: Mapping[str, str] | None = None,
) -> Report:
    """Run a scenario in a fresh Krita with our plugin; fails with its traceback and Krita's log.

    `settings` are files that lie in Krita's settings folder from the start.
    """
    profile = Profile(folder / "home")
    shutil.copytree(warm_home(), profile.home)
    profile.install(bundle)
    for name, text in (settings or {}).items():
        (profile.home / "config").mkdir(exist_ok=True)
        (profile.home / "config" / name).write_text(text, encoding="utf-8")
    path = HERE / "scenarios" / f"{scenario}.py"
    return _play(profile, path, arguments, variables, folder / "out")


def _play(
    profile: Profile,
    scenario: Path,
    arguments: Mapping[str, str],
    variables: Mapping[str, str],
    out: Path,
) -> Report:
    profile.prepare()
    out.mkdir(parents=True)
    with screen() as display, (out / "krita.log").open("wb") as log:
        ours = {
            "MAHLSTICK_STAGE_SCENARIO": str(scenario),
            "MAHLSTICK_STAGE_ARGUMENTS": json.dumps(dict(arguments)),
            "MAHLSTICK_STAGE_OUT": str(out),
        }
        ended = subprocess.run(
            ["timeout", "-k", "5", str(RUN_S), "nice", *_krita(out.parent), "--nosplash"],
            env={**profile.variables(display), **ours, **variables},
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    text = (out / "krita.log").read_text(errors="replace")
    report = out / "report.json"
    assert report.exists(), (
        f"Krita left no report (exit code {ended.returncode}). Its log:\n{text[-4000:]}"
    )
    told = json.loads(report.read_text(encoding="utf-8"))
    assert not told["error"], f"{told['error']}\nKrita's log:\n{text[-4000:]}"
    return Report(told["facts"], out, text)
