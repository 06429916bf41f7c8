"""Starting the bridge from an editor: a real process, watched until it says where it is."""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.wire.connection import VARIABLE, read_connection
from bridge.wire.installation import Installation
from bridge.wire.starting import PATIENCE_S, Progress, Starter, cleaned

WAIT_S = 120.0
# Says where it is, as the bridge does, with what it was given, and lives until it is told to end.
BRIDGE = """
import json, os, pathlib, sys, time
folder = pathlib.Path(os.environ["MAHLSTICK_CONFIG_DIR"])
folder.mkdir(parents=True, exist_ok=True)
(folder / "told.json").write_text(json.dumps(dict(os.environ, SESSION=str(os.getsid(0)))))
part = folder / "part"
part.write_text(json.dumps({"url": "ws://127.0.0.1:1/ws", "token": "t", "pid": os.getpid()}))
part.replace(folder / "connection.json")
print("ready", flush=True)
while not (folder / "end").exists():
    time.sleep(0.02)
"""


class Kitchen:
    """A folder with everything a start needs; ends what was started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.connection_file = folder / "config" / "connection.json"
        self.log = folder / "state" / "bridge.log"
        self.starters: list[Starter] = []

    def starter(self, code: str = BRIDGE, **environment: str) -> Starter:
        program = self.folder / "program.py"
        program.write_text(code, "utf-8")
        told = Installation(
            [sys.executable, str(program)], str(self.connection_file), str(self.log)
        )
        return self.given(Starter(told, {"PATH": os.defpath, **environment}))

    def given(self, starter: Starter) -> Starter:
        self.starters.append(starter)
        return starter

    def close(self) -> None:
        (self.folder / "config").mkdir(exist_ok=True)
        (self.folder / "config" / "end").touch()
        for starter in self.starters:
            if starter._process is not None:
                starter._process.wait(WAIT_S)


@pytest.fixture
def kitchen(tmp_path: Path) -> Iterator[Kitchen]:
    kitchen = Kitchen(tmp_path)
    yield kitchen
    kitchen.close()


def outcome(starter: Starter) -> Progress:
    deadline = time.monotonic() + WAIT_S
    while starter.look().state == "starting" and time.monotonic() < deadline:
        time.sleep(0.01)
    return starter.look()


def test_a_bridge_is_started_and_waited_for_until_it_says_where_it_is(kitchen: Kitchen) -> None:
    starter = kitchen.starter()
    assert starter.look() == Progress("idle")
    assert starter.start().state == "starting"
    assert outcome(starter).state == "running"
    assert read_connection(kitchen.connection_file).url == "ws://127.0.0.1:1/ws"
    assert kitchen.log.read_text() == "ready\n"


def test_a_computer_that_was_paired_with_another_starts_no_bridge_of_its_own(
    kitchen: Kitchen,
) -> None:
    kitchen.connection_file.parent.mkdir(parents=True)
    far = '{"url": "wss://studio.local:8765/v1/socket", "token": "t", "remote": true}'
    kitchen.connection_file.write_text(far)
    told = kitchen.starter().start()
    assert told.state == "failed"
    assert "wss://studio.local:8765" in told.message
    assert str(kitchen.connection_file) in told.message


def test_it_is_a_session_of_its_own_that_the_editors_end_does_not_reach(kitchen: Kitchen) -> None:
    starter = kitchen.starter()
    starter.start()
    outcome(starter)
    told = json.loads((kitchen.folder / "config" / "told.json").read_text())
    assert told["SESSION"] != str(os.getsid(0))


def test_a_second_click_starts_no_second_bridge(kitchen: Kitchen) -> None:
    starter = kitchen.starter()
    starter.start()
    first = starter._process
    starter.start()
    assert starter._process is first


def test_the_file_of_a_dead_bridge_is_not_taken_for_the_new_one(kitchen: Kitchen) -> None:
    kitchen.connection_file.parent.mkdir()
    old = {"url": "ws://127.0.0.1:9/ws", "token": "old", "pid": 1}
    kitchen.connection_file.write_text(json.dumps(old))
    now = [0.0]
    program = kitchen.folder / "slow.py"
    program.write_text(
        "import pathlib, sys, time\n"
        f"end = pathlib.Path({str(kitchen.connection_file.parent / 'end')!r})\n"
        "while not end.exists(): time.sleep(0.02)\n"
    )
    told = Installation(
        [sys.executable, str(program)], str(kitchen.connection_file), str(kitchen.log)
    )
    starter = kitchen.given(Starter(told, {"PATH": os.defpath}, lambda: now[0]))
    starter.start()
    assert starter.look().state == "starting"
    now[0] = PATIENCE_S + 1
    late = starter.look()
    assert late.state == "failed"
    assert str(kitchen.log) in late.message


def test_what_the_bridge_said_before_it_ended_is_what_the_painter_reads(kitchen: Kitchen) -> None:
    kitchen.log.parent.mkdir()
    kitchen.log.write_text("of yesterday\n")
    starter = kitchen.starter("import sys; sys.exit('The port 8765 is taken; choose another.')")
    starter.start()
    ended = outcome(starter)
    assert ended.state == "failed"
    assert "The port 8765 is taken; choose another." in ended.message
    assert starter.start().state == "starting"  # the button works again
    assert outcome(starter).state == "failed"


def test_a_bridge_that_ends_without_a_word_is_told_with_its_exit_code(kitchen: Kitchen) -> None:
    starter = kitchen.starter("import sys; sys.exit(7)")
    starter.start()
    assert "exit code 7" in outcome(starter).message


def test_what_an_appimage_sets_does_not_reach_the_bridge(kitchen: Kitchen) -> None:
    starter = kitchen.starter(
        LD_LIBRARY_PATH="/tmp/.mount_krita/usr/lib",
        PYTHONHOME="/tmp/.mount_krita/usr",
        PYTHONPATH="/tmp/.mount_krita/usr/lib/python3.10",
        APPDIR="/tmp/.mount_krita",
        HOME=str(kitchen.folder),
    )
    starter.start()
    assert outcome(starter).state == "running", starter.look()
    told = json.loads((kitchen.folder / "config" / "told.json").read_text())
    assert not {"LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH", "APPDIR"} & set(told)
    assert told["HOME"] == str(kitchen.folder)


def test_the_mounted_image_leaves_the_path_and_the_rest_stays() -> None:
    path = os.pathsep.join(["/tmp/.mount_k/usr/bin", "/usr/bin", "/bin"])
    kept = cleaned({"APPDIR": "/tmp/.mount_k", "PATH": path, "LANG": "de_DE", "QT_SCALE": "2"})
    assert kept == {"PATH": os.pathsep.join(["/usr/bin", "/bin"]), "LANG": "de_DE"}
    assert cleaned({"APPDIR": "/tmp/.m", "PATH": "/tmp/.m/bin"})["PATH"] == os.defpath


def test_a_program_that_is_gone_is_told_with_what_to_do(tmp_path: Path) -> None:
    told = Installation([str(tmp_path / "gone" / "mahlstick"), "serve"])
    said = Starter(told, {"PATH": str(tmp_path), "HOME": str(tmp_path)}).start()
    assert said.state == "failed"
    assert str(tmp_path / "gone" / "mahlstick") in said.message
    assert "mahlstick plugins install" in said.message


def test_without_an_installer_the_program_is_looked_for_where_programs_are(tmp_path: Path) -> None:
    bare = {"PATH": str(tmp_path / "nothing"), "HOME": str(tmp_path)}
    missing = Starter(Installation(), bare)
    if not missing.command():  # this machine has none of its own
        assert "was not found on this computer" in missing.start().message
    program = tmp_path / ".local" / "bin" / "mahlstick"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    assert Starter(Installation(), bare).command() == [str(program), "serve"]


def test_a_flatpak_asks_its_host_and_says_what_to_type_when_it_may_not(tmp_path: Path) -> None:
    mark = tmp_path / ".flatpak-info"
    mark.touch()
    told = Installation(["/host/only/mahlstick", "serve"], log=str(tmp_path / "log"))
    starter = Starter(told, {"PATH": str(tmp_path), "HOME": str(tmp_path)}, flatpak_mark=mark)
    assert starter.command() == ["flatpak-spawn", "--host", "/host/only/mahlstick", "serve"]
    spawn = tmp_path / "flatpak-spawn"
    starter._process = None
    spawn.write_text("#!/bin/sh\nexit 1\n")
    said = starter.start()
    if said.state == "starting":  # a real flatpak-spawn is here
        said = outcome(starter)
    assert said.state == "failed"
    assert "mahlstick serve" in said.message
    assert "terminal" in said.message


def test_what_the_environment_names_comes_before_what_was_installed(tmp_path: Path) -> None:
    told = Installation([], str(tmp_path / "installed" / "connection.json"))
    named = {VARIABLE: str(tmp_path / "named.json")}
    assert Starter(told, named).connection_file == tmp_path / "named.json"
    assert Starter(told, {}).connection_file == tmp_path / "installed" / "connection.json"


def test_a_log_that_grew_is_begun_anew(kitchen: Kitchen) -> None:
    kitchen.log.parent.mkdir()
    kitchen.log.write_bytes(b"x" * 2**21)
    starter = kitchen.starter()
    starter.start()
    outcome(starter)
    assert kitchen.log.read_text() == "ready\n"


def test_the_real_bridge_starts_in_an_editors_poisoned_environment(
    tmp_path: Path,
) -> None:
    config, state = tmp_path / "config", tmp_path / "state"
    command = [sys.executable, "-m", "bridge", "serve", "--port", "0", "--state-dir", str(state)]
    told = Installation(command, str(config / "connection.json"), str(state / "log"))
    poison = {"PYTHONHOME": "/nowhere", "LD_LIBRARY_PATH": "/nowhere"}
    starter = Starter(told, {"PATH": os.defpath, "HOME": str(tmp_path), **poison})
    starter.start()
    try:
        assert outcome(starter).state == "running", starter.look()
        assert read_connection(config / "connection.json").pid > 0
    finally:
        assert starter._process is not None
        starter._process.terminate()
        starter._process.wait(WAIT_S)
    assert "ready" in (state / "log").read_text()
