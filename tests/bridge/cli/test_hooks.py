"""`mahlstick hooks` and `mahlstick presets`, as a shell sees them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.cli.hooks import MAY
from engine import hookspecs

PLUGIN = """
from engine import Action, Verdict, hookimpl


@hookimpl
def mahlstick_check_prompt(prompt):
    return Verdict(Action.ALLOW, "mine")


@hookimpl
def mahlstick_schedules():
    return {"mine": None}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    (tmp_path / "plugin.py").write_text(PLUGIN)
    (tmp_path / "settings.toml").write_text(
        f"config_dir = {str(tmp_path)!r}\nhooks = [{str(tmp_path / 'plugin.py')!r}]\n"
    )
    return tmp_path / "settings.toml"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bridge", *map(str, arguments)]
    environment = {**os.environ, "COLUMNS": "300"}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env=environment
    )


def test_every_hook_says_what_it_may_do() -> None:
    assert set(MAY) == {name for name in vars(hookspecs) if name.startswith("mahlstick_")}


def test_plugins_from_elsewhere_are_listed_with_what_they_may_do(settings: Path) -> None:
    listed = run("hooks", "--settings", settings)
    assert listed.returncode == 0
    assert "plugin.py" in listed.stdout
    assert "read prompts and refuse them" in listed.stdout
    assert "schedule mine" in listed.stdout
    assert "1 plugin from elsewhere" in listed.stdout
    assert "engine.samplers.euler" not in listed.stdout
    assert "engine.samplers.euler" in run("hooks", "--settings", settings, "--all").stdout


def test_json_has_every_plugin(settings: Path) -> None:
    lines = run("hooks", "--json", "--settings", settings).stdout.splitlines()
    plugins = {line["name"]: line for line in map(json.loads, lines)}
    mine = plugins[str(settings.parent / "plugin.py")]
    assert mine["source"] == f"file {settings.parent / 'plugin.py'}"
    assert mine["hooks"] == ["mahlstick_check_prompt", "mahlstick_schedules"]
    assert mine["may"] == ["read prompts and refuse them", "add schedules"]
    assert mine["adds"] == ["schedule mine"]
    assert plugins["engine.samplers.euler"]["adds"] == ["sampler euler"]
    assert plugins["engine.rankers.clip:ClipRanker"]["may"] == ["see results and order them"]


def test_a_misspelt_hook_is_a_sentence(settings: Path) -> None:
    (settings.parent / "plugin.py").write_text(PLUGIN.replace("_schedules", "_shedules"))
    ended = run("hooks", "--settings", settings)
    assert ended.returncode == 2
    assert "unknown hook 'mahlstick_shedules'" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_presets_are_listed_with_the_painters_own(settings: Path) -> None:
    (settings.parent / "presets").mkdir()
    (settings.parent / "presets" / "mine.toml").write_text('[rain]\nprompt = "% in the rain"\n')
    lines = run("presets", "--json", "--settings", settings).stdout.splitlines()
    presets = {line["name"]: line for line in map(json.loads, lines)}
    assert presets["rain"]["prompt"] == "% in the rain"
    assert presets["watercolour"]["group"] == "medium"
    table = run("presets", "--settings", settings).stdout
    assert "golden_hour" in table
    assert str(settings.parent / "presets") in table.replace("\n", "")
