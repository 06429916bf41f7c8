"""The bundles: what is in them, and that they run where only a bare Python is."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import textwrap
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

from bridge.wire.codec import decode, encode
from bridge.wire.limits import MAX_MESSAGE_BYTES
from bridge.wire.messages import (
    SUBPROTOCOL,
    Accepted,
    Finished,
    Hello,
    Limits,
    Submit,
    Welcome,
)
from plugins import build

EDITORS = build.editors()
PACKAGES = {editor: build.Layout.read(editor).package for editor in EDITORS}


@pytest.fixture(scope="module")
def wheel() -> Path:
    """The library's wheel; skipped only where neither cache nor network has it."""
    try:
        return build.fetch_wheel()
    except build.BuildError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module", params=EDITORS)
def editor(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def bundle(editor: str, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build.stage(editor, tmp_path_factory.mktemp(editor) / "bundle", wheel)


def test_there_is_a_bundle_for_both_editors() -> None:
    assert EDITORS == ["gimp", "krita"]


def test_krita_finds_the_description_beside_the_package(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(build.build("krita", tmp_path, wheel)) as archive:
        names = archive.namelist()
        description = archive.read("mahlstick.desktop").decode()
    assert "X-KDE-Library=mahlstick\n" in description
    assert "mahlstick/__init__.py" in names
    assert "mahlstick/" in names  # Krita's importer looks for the folder's own entry
    beside = {name for name in names if not name.startswith("mahlstick/") and name[-1] != "/"}
    assert beside == set(map(str, build.Layout.read("krita").place.values()))


def test_gimp_finds_a_program_in_a_folder_of_its_name(wheel: Path, tmp_path: Path) -> None:
    archive = build.build("gimp", tmp_path, wheel)
    with zipfile.ZipFile(archive) as opened:
        script = opened.getinfo("mahlstick/mahlstick.py")
        assert opened.read(script).startswith(b"#!/usr/bin/env python3\n")
        assert script.external_attr >> 16 & 0o111 == 0o111
        assert {name.split("/")[0] for name in opened.namelist()} == {"mahlstick"}
    assert os.access(tmp_path / "gimp" / "mahlstick" / "mahlstick.py", os.X_OK)


def test_the_same_sources_give_the_same_bytes(editor: str, wheel: Path, tmp_path: Path) -> None:
    first = build.build(editor, tmp_path / "a", wheel).read_bytes()
    assert build.build(editor, tmp_path / "b", wheel).read_bytes() == first


def test_a_file_of_the_last_build_does_not_stay(editor: str, bundle: Path, wheel: Path) -> None:
    stale = bundle / PACKAGES[editor] / "old.py"
    stale.write_text("")
    build.stage(editor, bundle, wheel)
    assert not stale.exists()


def test_licences_travel_along(editor: str, bundle: Path) -> None:
    package = bundle / PACKAGES[editor]
    assert "Apache License" in (package / "LICENSE").read_text()
    assert "Redistribution" in (package / "_vendor" / "websockets" / "LICENSE").read_text()


def test_nothing_compiled_and_nothing_asynchronous_is_bundled(bundle: Path) -> None:
    names = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    assert not [n for n in names if n.endswith((".so", ".pyd", ".c", ".pyc"))]
    assert not [n for n in names if "/asyncio/" in n or "/legacy/" in n or "speedups" in n]


def test_the_bundles_wire_and_library_import_relatively_or_from_the_standard_library(
    editor: str, bundle: Path
) -> None:
    package = bundle / PACKAGES[editor]
    foreign = set()
    for path in [*(package / "wire").rglob("*.py"), *(package / "_vendor").rglob("*.py")]:
        foreign |= {(path.name, name) for name in absolute_imports(path)}
    # An optional helper for SOCKS proxies, which the client never uses.
    assert {name for _, name in foreign if name not in sys.stdlib_module_names} <= {
        "python_socks",
        "werkzeug",
    }


HOSTS = {"krita", "pykrita", "gi"}  # what the editor brings


def test_the_plugins_own_modules_import_relatively_or_what_the_editor_has(
    editor: str, bundle: Path
) -> None:
    package = bundle / PACKAGES[editor]
    own = [path for path in package.rglob("*.py") if not {"wire", "_vendor"} & set(path.parts)]
    foreign = {(path.name, name) for path in own for name in absolute_imports(path)}
    assert {name for _, name in foreign} - HOSTS <= sys.stdlib_module_names
    assert len(own) > 10


def test_the_wire_imports_the_standard_library_and_in_one_module_websockets() -> None:
    foreign = {}
    for path in (build.ROOT / "bridge" / "wire").glob("*.py"):
        names = {name for name in absolute_imports(path) if name not in sys.stdlib_module_names}
        if names:
            foreign[path.name] = names
    assert foreign == {"sockets.py": {"websockets"}}


def absolute_imports(path: Path) -> set[str]:
    found = set()
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []  # never run
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_a_wheel_with_other_bytes_is_refused(tmp_path: Path) -> None:
    other = tmp_path / build.WHEEL
    other.write_bytes(b"something else")
    with pytest.raises(build.BuildError, match="accepted is " + build.WHEEL_SHA256):
        build.stage("krita", tmp_path / "out", other)
    assert not (tmp_path / "out").exists()


def test_a_missing_wheel_and_an_unknown_editor_are_told(tmp_path: Path, wheel: Path) -> None:
    with pytest.raises(build.BuildError, match="cannot be read"):
        build.stage("krita", tmp_path / "out", tmp_path / "none.whl")
    with pytest.raises(build.BuildError, match=r"'blender'; accepted are gimp, krita"):
        build.stage("blender", tmp_path / "out", wheel)


def test_what_pip_cannot_fetch_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(build.BuildError, match="otherwise and put it into"):
        build.fetch_wheel(tmp_path)


def test_the_command_line_names_what_it_made(
    tmp_path: Path, wheel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build.main(["krita", "--out", str(tmp_path), "--wheel", str(wheel)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'mahlstick-krita.zip'}\n"
    assert build.main(["paint", "--out", str(tmp_path), "--wheel", str(wheel)]) == 1
    assert capsys.readouterr().err.startswith("There is no editor 'paint'")


def python(version: str, folder: Path) -> list[str]:
    """Return an interpreter of this version, where it sees a folder; skips where there is none.

    It is on the path, pyenv's, or in a folder that CI made for another editor.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = sorted(pyenv.glob(f"{version}.*/bin/python{version}"))
    candidates = [[str(path)] for path in [*found, shutil.which(f"python{version}")] if path]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mahlstick-ci"
        for program in sorted(cache.glob(f"*/usr/bin/python{version}")):
            enter = [build.ROOT / ".ci" / "enter.sh", program.parents[2], folder, "--"]
            candidates.append([*map(str, enter), f"/usr/bin/python{version}"])
    for command in candidates:
        if subprocess.run([*command, "-c", ""], capture_output=True).returncode == 0:
            return command
    pytest.skip(f"no Python {version} is installed here")


VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")

# As in an editor: another plugin's websockets is loaded already. The plugin's own modules need the
# editor, so its package is entered without running them.
BARE = textwrap.dedent("""
    import importlib, json, sys, time, types
    folder, package, url = sys.argv[1:]
    foreign = sys.modules["websockets"] = types.ModuleType("websockets")
    sys.path.insert(0, folder)
    parent = sys.modules[package] = types.ModuleType(package)
    parent.__path__ = [folder + "/" + package]
    load = lambda name: importlib.import_module(package + ".wire." + name)
    messages, session, connection = load("messages"), load("session"), load("connection")
    load("geometry")
    assert load("sockets").connect.__module__.startswith(package + "._vendor.websockets")
    assert sys.modules["websockets"] is foreign
    assert "asyncio" not in sys.modules, "a third of the time to load"
    bridge = connection.Connection(url, "token")
    open_session = session.Session("bare", "s", find=lambda: bridge)
    open_session.start()
    picture = messages.Picture(512, 512, "rgba8", bytes(512 * 512 * 4))
    open_session.submit(messages.Submit("j", "vary", image=picture))
    deadline = time.monotonic() + 20
    while not open_session.paintings["j"].over and time.monotonic() < deadline:
        open_session.poll()
        time.sleep(0.01)
    open_session.close()
    print(json.dumps([open_session.paintings["j"].state, open_session.welcome.server]))
""")


def play(socket: ServerConnection) -> None:
    def read() -> object:
        frame = socket.recv()
        assert isinstance(frame, bytes)
        return decode(frame, "client")

    try:
        hello = read()
        assert isinstance(hello, Hello)
        limits = Limits(MAX_MESSAGE_BYTES, 8192, 16, 200, 8)
        socket.send(encode(Welcome(1, hello.client, limits, [], [], [])))
        submit = read()
        assert isinstance(submit, Submit)
        assert submit.image is not None
        socket.send(encode(Accepted(1, submit.job, 0)))
        socket.send(encode(Finished(2, submit.job, [], 0.5)))
        socket.recv()
    except ConnectionClosed:
        return


@contextmanager
def a_bridge() -> Iterator[str]:
    with serve(
        play,
        "127.0.0.1",
        0,
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        compression=None,
        max_size=MAX_MESSAGE_BYTES,
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/ws"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_bundle_paints_under_a_bare_python_beside_another_websockets(
    editor: str, bundle: Path, version: str
) -> None:
    package = bundle / PACKAGES[editor]
    with a_bridge() as url:
        told = (package.parent, package.name, url)
        ran = subprocess.run(
            [*python(version, bundle), "-I", "-S", "-B", "-c", BARE, *told],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert ran.stderr == ""
    assert ran.stdout == '["finished", "bare"]\n'


COMPILE = """
import pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.py")):
    compile(path.read_text("utf-8"), str(path), "exec", dont_inherit=True)
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_every_module_of_a_bundle_is_python_of_this_version(bundle: Path, version: str) -> None:
    command = [*python(version, bundle), "-I", "-S", "-W", "error", "-c", COMPILE, str(bundle)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
