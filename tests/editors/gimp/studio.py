"""The real GIMP in its chroot, with our plug-in and fresh folders, playing one scenario.

It is GIMP 3.0 unless the environment says 3.2 (`make test-gimp-all`). The chroot shares the network
with us, so a bridge on loopback is reachable from inside.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.editors.installing import install
from bridge.editors.places import Place
from bridge.wire.installation import Installation

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]
SETUP = REPOSITORY / ".ci" / "editors-gimp.sh"
ENTER = REPOSITORY / ".ci" / "enter.sh"
VARIABLE, USUAL = "MAHLSTICK_GIMP", "3.0"
RUN_S = 1500  # a run that is not over by then is stuck, on however slow a machine
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
LANGUAGE = "C.UTF-8"
SCREEN = "1680x1000x24"
GIMPRC = "(show-welcome-dialog no)\n(check-updates no)\n"
SHORTCUTS = '(file-version 1)\n(action "plug-in-mahlstick-panel" "<Primary><Shift>F9")\n'


@dataclass(frozen=True)
class Report:
    """What a scenario brought home, besides the files it wrote in `out`.

    `errors` are the tracebacks of the scenes that did not come to their end.
    """

    facts: dict[str, Any]
    log: str
    errors: dict[str, str]
    out: Path

    def scene(self, name: str) -> dict[str, Any]:
        """The facts of one scene; an assertion error when it failed."""
        assert name not in self.errors, f"{self.errors[name]}\nGIMP's log:\n{self.log[-3000:]}"
        return self.facts[name]

    def complaints(self) -> list[str]:
        """The lines of GIMP's log that are about our plug-in."""
        ours = ("mahlstick", "Traceback", "PyGIWarning")
        lines = [line for line in self.log.splitlines() if any(word in line for word in ours)]
        # Every plug-in, GIMP's own included, says this when GIMP quits while it ends.
        return [line for line in lines if not line.endswith("gimp_flush(): error: Broken pipe")]


def version() -> str:
    """The GIMP that is wanted."""
    return os.environ.get(VARIABLE, USUAL)


def chroot_root() -> Path | None:
    """The folder that holds GIMP, or None when it was not made or cannot be entered."""
    asked = [SETUP, version(), "--path"]
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    root = Path(told.strip())
    return root if (root / ".complete").exists() and os.geteuid() == 0 else None


class Studio:
    """One painter's folders inside the chroot; removed at the end.

    What a scenario writes is in `out`, outside, as soon as it was played.
    """

    def __init__(self, root: Path, out: Path) -> None:
        self._root = root
        self._inside = Path("/tmp") / f"mahlstick-{uuid.uuid4().hex[:8]}"
        self._home = root / self._inside.relative_to("/")
        self.out = out

    def __enter__(self) -> Studio:
        shutil.copytree(_warm_profile(self._root), self._home / "profile")
        with (self._home / "profile" / "gimprc").open("a", encoding="utf-8") as settings:
            settings.write(GIMPRC)
        (self._home / "profile" / "shortcutsrc").write_text(SHORTCUTS, encoding="utf-8")
        (self._home / "out").mkdir()
        shutil.copytree(HERE / "scenarios", self._home / "scenarios")
        if version() != USUAL:  # there our shortcut never fires on a virtual screen
            opener = self._home / "profile" / "plug-ins" / "opener" / "opener.py"
            opener.parent.mkdir(parents=True)
            shutil.copy(HERE / "scenarios" / "opener.py", opener)
            opener.chmod(0o755)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._home)

    def install(self, bundle: Path) -> None:
        """Put a bundle where GIMP looks for plug-ins, as `mahlstick plugins install` does."""
        place = Place("gimp", "GIMP", self._home / "profile" / "plug-ins")
        install(place, bundle, Installation())

    def bring(self, file: Path, name: str) -> str:
        """Copy a file into the chroot; its path there."""
        shutil.copy(file, self._home / name)
        return str(self._inside / name)

    def headless(
        self, scenario: str, arguments: Mapping[str, str], connections: Mapping[str, Path]
    ) -> Report:
        """Play a scenario in gimp-console. It finds the first of these bridges, by their files."""
        return self._play(["gimp-console", "-i"], scenario, arguments, connections, {})

    def on_screen(
        self, scenario: str, arguments: Mapping[str, str], connections: Mapping[str, Path]
    ) -> Report:
        """Play a scenario in GIMP with its windows, on a screen that nobody sees."""
        with self._screen() as display:
            screen = {"DISPLAY": display, "MAHLSTICK_SCREEN": str(self._inside / "Xvfb_screen0")}
            return self._play(["gimp", "-s", "-n"], scenario, arguments, connections, screen)

    def _play(
        self,
        program: list[str],
        scenario: str,
        arguments: Mapping[str, str],
        connections: Mapping[str, Path],
        variables: Mapping[str, str],
    ) -> Report:
        for name, file in connections.items():
            self.bring(file, f"{name}.json")
        first = next(iter(connections.values()))
        told = {
            **self._variables(),
            **variables,
            "MAHLSTICK_CONNECTION": self.bring(first, "connection.json"),
            "MAHLSTICK_ARGUMENTS": json.dumps(dict(arguments)),
            "MAHLSTICK_OUT": str(self._inside / "out"),
        }
        script = f"{self._inside}/scenarios/{scenario}.py"
        batch = ["--batch-interpreter", "python-fu-eval", "-b", _runner(script), "--quit"]
        log = self._home / "out" / "gimp.log"
        with log.open("wb") as sink:
            subprocess.run(
                ["timeout", "-k", "5", str(RUN_S), *_into(self._root), *program, *batch],
                env=told,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                check=False,
            )
        shutil.copytree(self._home / "out", self.out, dirs_exist_ok=True)
        return self._report(log.read_text(errors="replace"))

    def _report(self, log: str) -> Report:
        file = self.out / "report.json"
        assert file.exists(), f"GIMP left no report. Its log:\n{log[-6000:]}"
        told = json.loads(file.read_text(encoding="utf-8"))
        assert not told["error"], f"{told['error']}\nGIMP's log:\n{log[-6000:]}"
        return Report(told["facts"], log, told["errors"], self.out)

    def _variables(self) -> dict[str, str]:
        return {
            "PATH": PATH,
            "LANG": LANGUAGE,
            "HOME": str(self._inside),
            "GIMP3_DIRECTORY": str(self._inside / "profile"),
            "NO_AT_BRIDGE": "1",
        }

    @property
    def inside_out(self) -> Path:
        """The folder a scenario writes into, while it is being played."""
        return self._home / "out"

    @property
    def plugin(self) -> str:
        """The plug-in's path as its processes know it."""
        return str(self._inside / "profile" / "plug-ins" / "mahlstick" / "mahlstick.py")

    @contextlib.contextmanager
    def _screen(self) -> Iterator[str]:
        display = _free_display()
        screen = ["Xvfb", display, "-screen", "0", SCREEN, "-noreset", "-nolisten", "tcp"]
        server = self._start([*screen, "-fbdir", str(self._inside)], display)
        try:
            _wait_for_socket(display)
            manager = self._start(["openbox", "--sm-disable"], display)
            try:
                yield display
            finally:
                _stop(manager)
        finally:
            _stop(server)

    def _start(self, command: list[str], display: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*_into(self._root), *command],
            env={**self._variables(), "DISPLAY": display},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def _warm_profile(root: Path) -> Path:
    """A profile in which GIMP has looked at its own plug-ins once; made when missing."""
    # GIMP asks all its plug-ins anew in every profile that another language was used in.
    warm = root / "var" / "cache" / f"mahlstick-profile-{LANGUAGE}"
    if not warm.exists():
        fresh = warm.with_name(f"{warm.name}.{os.getpid()}")
        fresh.mkdir()
        inside = f"/{fresh.relative_to(root)}"
        subprocess.run(
            [*_into(root), "gimp-console", "-i", "--quit"],
            env={"PATH": PATH, "LANG": LANGUAGE, "HOME": inside, "GIMP3_DIRECTORY": inside},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        with contextlib.suppress(OSError):  # another run was faster
            fresh.rename(warm)
    return warm


def _into(root: Path) -> list[str]:
    # GIMP 3.2 starts helpers in containers of their own, which a mere chroot forbids.
    return ["chroot", str(root)] if version() == USUAL else [str(ENTER), str(root), "--"]


def _runner(script: str) -> str:
    return f"exec(compile(open({script!r}).read(), {script!r}, 'exec'))"


def _free_display() -> str:
    # Abstract sockets are shared by all chroots of a machine: a number somebody uses leads to him.
    taken = Path("/proc/net/unix").read_text(encoding="utf-8")
    free = [n for n in range(100, 500) if f"/.X11-unix/X{n}\n" not in taken]
    return f":{random.choice(free)}"  # noqa: S311 - only that two runs differ


def _wait_for_socket(display: str) -> None:
    for _ in range(200):
        if f"/.X11-unix/X{display[1:]}\n" in Path("/proc/net/unix").read_text(encoding="utf-8"):
            return
        time.sleep(0.05)
    raise AssertionError(f"The virtual screen {display} did not come up.")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()
